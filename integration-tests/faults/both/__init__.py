"""Faults of both APIs at the same time."""

"""Faults that only the async API can meet."""

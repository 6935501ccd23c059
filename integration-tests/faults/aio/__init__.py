"""The fault suite."""

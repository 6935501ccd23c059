"""Pydantic documents for ScyllaDB and Apache Cassandra, with a sync and an async API that are the same."""

"""Pydantic documents for ScyllaDB and Apache Cassandra: the blocking API of coodie."""

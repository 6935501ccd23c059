"""Pydantic documents for ScyllaDB and Apache Cassandra: the asyncio API of coodie."""

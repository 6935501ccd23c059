"""The pure core of coodie: Pydantic documents, CQL text and schema for ScyllaDB and Apache Cassandra, without a driver."""

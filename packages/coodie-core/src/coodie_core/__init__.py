"""The pure core of coodie: Pydantic documents, CQL text and schema, without a driver and without I/O."""

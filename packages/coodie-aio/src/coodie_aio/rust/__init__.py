"""scylladb-rs-driver: sessions, statements and what a driver holds of them. Only `drivers.rust` imports this."""

"""The pure half of the drivers: options, errors and cached texts, shared by both APIs; no I/O, no driver package."""

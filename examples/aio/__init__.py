"""Examples that are awaited. Start with `quickstart`, go on with `tour`."""

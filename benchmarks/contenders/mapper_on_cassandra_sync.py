"""coodie.sync on cassandra-driver."""

from __future__ import annotations

from functools import partial

from contender_protocol import serve
from mapper_sync import connect

if __name__ == "__main__":
    serve(partial(connect, driver_type="cassandra"))

"""coodie.aio on cassandra-driver."""

from __future__ import annotations

from functools import partial

from contender_protocol import serve_async
from mapper_aio import connect

if __name__ == "__main__":
    serve_async(partial(connect, driver_type="cassandra"))

"""The connections to an IoTDB that accepts them and never answers."""

import asyncio

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.stores.iotdb.nodes import Nodes
from iotflow_server.telemetry.stores.iotdb.pool import SessionPool
from iotflow_server.telemetry.stores.iotdb.session import IotdbAddress

PATIENCE = 20.0


async def test_a_store_that_closes_refuses_queries_at_once() -> None:
    """They do not wait until a query in progress has left room."""
    accepted, ended = asyncio.Event(), asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await ended.wait()
        writer.close()

    async with asyncio.timeout(PATIENCE), await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        pool = SessionPool(
            Nodes(IotdbAddress((f"127.0.0.1:{port}",), "user", "password"), PATIENCE, lambda _: None), 1, 1
        )
        querying = asyncio.create_task(pool.read("first", lambda _: None))
        await accepted.wait()
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0)
        refused = asyncio.create_task(pool.read("second", lambda _: None))
        await asyncio.sleep(0)
        assert refused.done()
        with pytest.raises(Unavailable, match="is not open"):
            await refused
        ended.set()
        await closing
        with pytest.raises(Unavailable):
            await querying

"""The event loop while the name service hangs."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from iotflow_server.process import ServerLoop


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A host name. Looking it up takes until the end of the test."""
    answered, look_up = threading.Event(), socket.getaddrinfo

    def looked_up(host: Any, *others: Any) -> Any:
        if host == "hanging.example":
            answered.wait(60)
        return look_up("127.0.0.1" if host == "hanging.example" else host, *others)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    yield "hanging.example"
    answered.set()


def test_look_ups_that_hang_hold_nothing_else(hanging: str) -> None:
    async def connect() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.open_connection(hanging, 1)

    async def run() -> float:
        await asyncio.gather(*(connect() for _ in range(100)))
        began = time.monotonic()
        await asyncio.gather(*(asyncio.to_thread(time.monotonic) for _ in range(10)))
        return time.monotonic() - began

    with asyncio.Runner(loop_factory=ServerLoop) as runner:
        assert runner.run(run()) < 5


def test_names_are_looked_up() -> None:
    async def run() -> bytes:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"here")
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1])
            try:
                return await reader.read()
            finally:
                writer.close()

    with asyncio.Runner(loop_factory=ServerLoop) as runner:
        assert runner.run(run()) == b"here"

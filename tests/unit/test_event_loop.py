"""The event loop while the name service hangs."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from iotflow_server.process import ServerLoop


class HangingNames:
    """A name service that does not answer for one host until the end of the test. answered: number of its answers."""

    host = "hanging.example"

    def __init__(self) -> None:
        self.answered = 0
        self._may_answer = threading.Event()
        self._look_up = socket.getaddrinfo

    def look_up(self, host: Any, *others: Any) -> Any:
        if host != self.host:
            return self._look_up(host, *others)
        self._may_answer.wait(60)
        self.answered += 1
        return self._look_up("127.0.0.1", *others)

    def close(self) -> None:
        self._may_answer.set()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingNames]:
    names = HangingNames()
    monkeypatch.setattr(socket, "getaddrinfo", names.look_up)
    yield names
    names.close()


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": ServerLoop}


async def test_a_hanging_name_service_does_not_block_worker_threads(names: HangingNames) -> None:
    async def connect() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.open_connection(names.host, 1)

    await asyncio.gather(*(connect() for _ in range(100)))
    await asyncio.gather(*(asyncio.to_thread(threading.get_ident) for _ in range(10)))
    assert names.answered == 0


async def test_host_names_are_resolved() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1])
        assert await reader.read() == b"here"
        writer.close()


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("localhost", {}),
        (None, {}),
        (None, {"flags": socket.AI_PASSIVE}),
        ("127.0.0.1", {"type": socket.SOCK_STREAM, "proto": socket.IPPROTO_TCP}),
        ("127.0.0.1", {"family": socket.AF_INET}),
    ],
)
async def test_addresses_are_those_of_the_system(host: str | None, options: dict[str, int]) -> None:
    found = await asyncio.get_running_loop().getaddrinfo(host, 1, **options)
    assert found == socket.getaddrinfo(host, 1, **options)

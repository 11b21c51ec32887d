"""The check of the broker that unauthenticated callers may trigger."""

import asyncio
import socket
from contextlib import suppress

import pytest

from iotflow_server.rpc.mqtt import broker
from iotflow_server.rpc.mqtt.broker import BrokerProbe


@pytest.fixture(autouse=True)
def _times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far above what a test takes."""
    for name in ("CONNECT_SECONDS", "CACHE_SECONDS"):
        monkeypatch.setattr(broker, name, 60.0)


def accepted(listening: socket.socket) -> int:
    """Number of connections that wait to be accepted; closes them."""
    listening.setblocking(False)
    connections = 0
    with suppress(BlockingIOError):
        while True:
            listening.accept()[0].close()
            connections += 1
    return connections


async def test_simultaneous_calls_open_one_connection_to_the_broker() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        probe = BrokerProbe("127.0.0.1", listening.getsockname()[1])
        answers = await asyncio.gather(*(probe.is_reachable() for _ in range(100)))
        answers.append(await probe.is_reachable())
        assert answers == [True] * 101
        assert accepted(listening) == 1


async def test_a_result_is_not_used_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        probe = BrokerProbe("127.0.0.1", listening.getsockname()[1])
        assert await probe.is_reachable()
        monkeypatch.setattr(broker, "CACHE_SECONDS", 0.0)
        assert await probe.is_reachable()
        assert accepted(listening) == 2


async def test_a_port_without_a_listener_is_not_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert not await BrokerProbe("127.0.0.1", port).is_reachable()
    assert not await BrokerProbe("", port).is_reachable()

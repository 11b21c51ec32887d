"""Lookups of single devices: what a result is, how long it is cached, and how many are."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import grpc
import pytest

from iotflow.v1.mqtt_pb2 import MqttAccount
from iotflow.v1.mqtt_service_pb2 import FindAccountRequest, FindAccountResponse
from iotflow_gateway.accounts import lookups as module
from iotflow_gateway.accounts.lookups import UNKNOWN, Lookups

KNOWN = {"pump": 7, "valve": 8, "fan": 9}


class Server:
    """A channel to a server that knows some devices by name, and their keys: the names in capitals. asked: names and keys."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def unary_unary(self, *_: object, **__: object) -> Callable[..., Awaitable[FindAccountResponse]]:
        """A method of the server."""
        return self._find

    unary_stream = stream_stream = unary_unary

    async def _find(self, request: FindAccountRequest, **_: object) -> FindAccountResponse:
        asked = request.username or request.api_key
        self.asked.append(asked)
        name = request.username or request.api_key.lower()
        if name not in KNOWN:
            nothing = grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(grpc.StatusCode.NOT_FOUND, nothing, nothing, "no such device")
        return FindAccountResponse(account=MqttAccount(device_id=KNOWN[name], name=name, status="active"))


class Clock:
    """Stands for the monotonic clock."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def lookups(server: Server, clock: Clock) -> Lookups:  # noqa: ARG001 - the clock is replaced before
    return Lookups(cast(grpc.aio.Channel, server), ())


async def result(found: "int | asyncio.Task[int]") -> int:
    """The result of a lookup."""
    return found if isinstance(found, int) else await found


@pytest.mark.parametrize(
    ("by", "asked", "device_id"),
    [("by_username", "pump", 7), ("by_username", "PUMP", UNKNOWN), ("by_key", "PUMP", 7), ("by_key", "x", UNKNOWN)],
)
async def test_a_result_is_cached(lookups: Lookups, server: Server, by: str, asked: str, device_id: int) -> None:
    """Also that there is no such device."""
    find: Callable[[str], Any] = getattr(lookups, by)
    pending, same = find(asked), find(asked)
    assert pending is same
    assert await result(pending) == device_id
    assert find(asked) == device_id
    assert server.asked == [asked]


@pytest.mark.parametrize(("asked", "seconds"), [("pump", module.TTL), ("gone", module.ABSENCE_TTL)])
async def test_a_result_is_cached_for_a_limited_time(
    lookups: Lookups, server: Server, clock: Clock, asked: str, seconds: float
) -> None:
    expected = await result(lookups.by_username(asked))
    clock.now += seconds / 2
    assert lookups.by_username(asked) == expected
    clock.now += seconds / 2
    assert await result(lookups.by_username(asked)) == expected
    assert server.asked == [asked, asked]


async def test_the_cached_results_have_a_limit(
    lookups: Lookups, server: Server, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest result goes first."""
    monkeypatch.setattr(module, "SIZE", 2)
    for name in ("pump", "valve"):
        await result(lookups.by_username(name))
    clock.now += module.TTL
    for name in ("pump", "fan"):
        await result(lookups.by_username(name))
    server.asked.clear()
    # The result of the first was renewed, so that the second one was the oldest.
    assert [await result(lookups.by_username(name)) for name in ("pump", "fan")] == [7, 9]
    assert server.asked == []
    # Its result would be valid at this time.
    clock.now -= module.TTL
    assert await result(lookups.by_username("valve")) == 8
    assert server.asked == ["valve"]

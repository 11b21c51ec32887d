"""The times of rows that are added without a time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from iotflow.clock import DeviceClock, RisingTimes, ServerClock, heartbeat
from iotflow.connection import Connection
from iotflow.errors import ServerError
from iotflow.v1.device_service_pb2 import SendHeartbeatResponse
from iotflow.v1.device_service_pb2_grpc import DeviceServiceServicer, add_DeviceServiceServicer_to_server

PATIENCE = 5.0
# The time of the tests' server, milliseconds since 1970 UTC.
NOW = 1_700_000_000_123


def response() -> SendHeartbeatResponse:
    answer = SendHeartbeatResponse()
    answer.timestamp.FromMilliseconds(NOW)
    return answer


class Server(DeviceServiceServicer):
    """Answers with the errors, in order, and then with its time. keys, statuses: of the calls."""

    def __init__(self, *errors: grpc.StatusCode) -> None:
        self._errors = list(errors)
        self.keys: list[str] = []
        self.statuses: list[str] = []

    async def SendHeartbeat(self, request: Any, context: Any) -> SendHeartbeatResponse:
        self.keys.append(dict(context.invocation_metadata()).get("x-api-key", ""))
        self.statuses.append(request.status.string_value)
        if self._errors:
            await context.abort(self._errors.pop(0), "away")
        return response()


def answering(*errors: grpc.StatusCode) -> Server:
    return Server(*errors)  # type: ignore[abstract]


@asynccontextmanager
async def connected(server: Server, **options: Any) -> AsyncIterator[Connection]:
    running = grpc.aio.server()
    add_DeviceServiceServicer_to_server(server, running)
    port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    try:
        async with asyncio.timeout(PATIENCE), Connection(f"127.0.0.1:{port}", api_key="old", **options) as connection:
            yield connection
    finally:
        await running.stop(None)


@pytest.fixture
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The monotonic time in nanoseconds, which the test changes."""
    now = [50_000_000_000]
    monkeypatch.setattr(time, "monotonic_ns", lambda: now[0])
    return now


def test_the_clock_of_the_server_is_unknown_before_its_first_answer() -> None:
    clock = ServerClock()
    assert (clock.now(), clock.from_monotonic(clock.monotonic())) == (None, None)


def test_the_clock_of_the_server_goes_on_from_the_middle_of_the_call(fixed_time: list[int]) -> None:
    clock = ServerClock()
    assert clock.monotonic() == 50_000
    clock.observe(response(), 49.0, 51.0)
    assert clock.now() == NOW
    fixed_time[0] += 7_000_000
    assert clock.now() == NOW + 7
    # A row that was added before the answer.
    assert clock.from_monotonic(40_000) == NOW - 10_000


def test_a_later_answer_sets_the_clock_again(fixed_time: list[int]) -> None:
    clock = ServerClock()
    clock.observe(response(), 49.0, 51.0)
    fixed_time[0] += 1_000_000_000
    clock.observe(response(), 51.0, 51.0)
    assert clock.now() == NOW


async def test_the_server_is_asked_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: 0.001)
    server, clock = answering(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL), ServerClock()
    async with connected(server) as connection:
        known = asyncio.create_task(clock.known())
        await clock.run(connection)
        await known
        assert server.statuses == ["online"] * 3
        now = clock.now()
        assert now is not None
        assert 0 <= now - NOW < PATIENCE * 1_000
        # A clock that is known asks for nothing.
        await clock.run(connection)
    assert len(server.keys) == 3


async def test_another_key_is_used_for_the_clock_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: 1e6)

    async def renew(_error: ServerError) -> str:
        return "new"

    server = answering(grpc.StatusCode.UNAUTHENTICATED)
    async with connected(server, on_credential_wanted=renew) as connection:
        await ServerClock().run(connection)
    assert server.keys == ["old", "new"]


async def test_a_heartbeat_sets_a_clock_only_if_it_is_given_one() -> None:
    server, clock = answering(), ServerClock()
    async with connected(server) as connection:
        assert (await heartbeat(connection, "maintenance", None)).timestamp.ToMilliseconds() == NOW
        await heartbeat(connection, "online", clock)
    assert server.statuses == ["maintenance", "online"]
    assert clock.now() is not None


async def test_the_clock_of_the_device_is_known_at_once(fixed_time: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: NOW * 1_000_000)
    clock = DeviceClock()
    await clock.known()
    await clock.run(Connection("127.0.0.1:1"))
    assert (clock.now(), clock.monotonic()) == (NOW, fixed_time[0] // 1_000_000)
    assert clock.from_monotonic(clock.monotonic() - 3_000) == NOW - 3_000


@pytest.mark.parametrize(
    ("clock_times", "row_times"),
    [
        ([10, 20, 21], [10, 20, 21]),
        ([10, 10, 10, 11], [10, 11, 12, 13]),
        ([10, 10, 10, 20], [10, 11, 12, 20]),
        # A second back: many rows within a moment. More: the clock was set.
        ([5_000, 4_000], [5_000, 5_001]),
        ([5_000, 3_999], [5_000, 3_999]),
        ([5_000, 3_999, 3_999], [5_000, 3_999, 4_000]),
    ],
)
def test_times_rise_unless_the_clock_is_set_back(clock_times: list[int], row_times: list[int]) -> None:
    rising = RisingTimes()
    assert [rising.next(now) for now in clock_times] == row_times

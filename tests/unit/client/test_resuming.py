"""Streams that are opened again after a break."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import grpc
import pytest

from iotflow.channels import credentials
from iotflow.connection import Connection, Metadata
from iotflow.errors import ServerError
from iotflow.resuming import Resumption, resumed
from iotflow.v1.device_service_pb2 import DESCRIPTOR, WatchConfigRequest, WatchConfigResponse
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.support.scripted_server import WRONG_KEY, connected, key_of

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

AWAY = ServerError(grpc.StatusCode.UNAVAILABLE, "away", retryable=True)
REPLACED = ServerError(grpc.StatusCode.UNAUTHENTICATED, "replaced", reason="KEY_REPLACED")


def version(number: int) -> WatchConfigResponse:
    response = WatchConfigResponse()
    response.config.desired_version = number
    return response


def opened(channel: grpc.aio.Channel, metadata: Metadata) -> Any:
    return DeviceServiceStub(channel).WatchConfig(WatchConfigRequest(), metadata=metadata)


class Streams:
    """WatchConfig: the nth stream sends the nth list of versions, and then ends with the error, or in order.

    The last one stays open. details: of UNAUTHENTICATED. keys: of the calls. ended: set when the last stream has ended.
    """

    def __init__(self, *streams: tuple[list[int], grpc.StatusCode | None]) -> None:
        self._streams = list(streams)
        self.details = WRONG_KEY
        self.keys: list[str] = []
        self.ended = asyncio.Event()

    async def watch(self, _request: WatchConfigRequest, context: Any) -> AsyncIterator[WatchConfigResponse]:
        self.keys.append(key_of(context))
        versions, code = self._streams.pop(0)
        if not self._streams:
            # A stream that is cancelled while it sends gets no exception.
            context.add_done_callback(lambda _: self.ended.set())
        for number in versions:
            yield version(number)
        if code is not None:
            await context.abort(code, "away", self.details if code is grpc.StatusCode.UNAUTHENTICATED else ())
        if not self._streams:
            await asyncio.Event().wait()


class Interruptions:
    """Records errors and pauses."""

    def __init__(self) -> None:
        self.codes: list[grpc.StatusCode] = []
        self.messages: list[str] = []
        self.pauses: list[float] = []

    def record(self, error: ServerError, pause: float) -> None:
        self.codes.append(error.code)
        self.messages.append(error.message)
        self.pauses.append(pause)


async def first(count: int, connection: Connection, on_interrupted: Callable[[ServerError, float], None]) -> list[int]:
    """The versions of the first events."""
    found = list[int]()
    async with aclosing(resumed(connection, opened, on_interrupted)) as events:
        async for event in events:
            found.append(event.config.desired_version)
            if len(found) == count:
                break
    return found


async def test_events_go_on_after_errors_and_after_streams_that_the_server_ends(short_pauses: float) -> None:
    unavailable = grpc.StatusCode.UNAVAILABLE
    streams = Streams(([1, 2], unavailable), ([], unavailable), ([3], None), ([4, 5], None))
    interruptions = Interruptions()
    async with connected(DESCRIPTOR, {"WatchConfig": streams.watch}) as connection:
        assert await first(5, connection, interruptions.record) == [1, 2, 3, 4, 5]
    assert interruptions.codes == [unavailable] * 3
    assert interruptions.messages == ["away", "away", "The server ended the stream."]
    # The second one came without an event; events begin with the first pause again.
    assert interruptions.pauses == pytest.approx([0.2 * short_pauses, 0.4 * short_pauses, 0.2 * short_pauses])
    assert streams.keys == ["key"] * 4


async def test_a_stream_is_cancelled_as_soon_as_its_caller_stops_reading() -> None:
    streams = Streams(([1], None))
    async with connected(DESCRIPTOR, {"WatchConfig": streams.watch}) as connection:
        assert await first(1, connection, Interruptions().record) == [1]
        await streams.ended.wait()


async def test_an_error_that_stays_is_raised() -> None:
    streams, interruptions = Streams(([1], grpc.StatusCode.NOT_FOUND)), Interruptions()
    async with connected(DESCRIPTOR, {"WatchConfig": streams.watch}) as connection:
        with pytest.raises(ServerError) as raised:
            await first(2, connection, interruptions.record)
    assert raised.value.code is grpc.StatusCode.NOT_FOUND
    assert interruptions.codes == []


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"])
async def test_a_page_in_place_of_the_service_is_an_interruption_and_no_reason_to_ask_for_a_key(
    code: str, short_pauses: float
) -> None:
    async def fail(_error: ServerError) -> str:
        raise AssertionError("The key is not the cause.")

    status = grpc.StatusCode[code]
    streams, interruptions = Streams(([1], status), ([], status), ([2], None)), Interruptions()
    streams.details = ()
    async with connected(DESCRIPTOR, {"WatchConfig": streams.watch}, on_credential_wanted=fail) as connection:
        assert await first(2, connection, interruptions.record) == [1, 2]
    assert interruptions.codes == [status] * 2
    assert interruptions.pauses == pytest.approx([0.2 * short_pauses, 0.4 * short_pauses])
    assert streams.keys == ["key"] * 3


async def test_another_key_is_used_at_once() -> None:
    async def renew(_error: ServerError) -> str:
        return "new"

    streams, interruptions = Streams(([], grpc.StatusCode.UNAUTHENTICATED), ([1], None)), Interruptions()
    async with connected(DESCRIPTOR, {"WatchConfig": streams.watch}, on_credential_wanted=renew) as connection:
        assert await first(1, connection, interruptions.record) == [1]
    assert (streams.keys, interruptions.codes) == (["key", "new"], [])


async def test_without_another_key_the_error_is_raised() -> None:
    streams, interruptions = Streams(([], grpc.StatusCode.UNAUTHENTICATED)), Interruptions()
    async with connected(DESCRIPTOR, {"WatchConfig": streams.watch}) as connection:
        with pytest.raises(ServerError) as raised:
            await first(1, connection, interruptions.record)
    assert raised.value.code is grpc.StatusCode.UNAUTHENTICATED
    assert interruptions.codes == []


async def test_a_key_that_changed_during_the_stream_is_used_without_a_question() -> None:
    asked = list[ServerError]()

    async def refuse(error: ServerError) -> None:
        asked.append(error)

    connection = Connection("127.0.0.1:1", api_key="old", on_credential_wanted=refuse)
    resumption = Resumption(connection, Interruptions().record)
    assert resumption.begin() == credentials("old")
    connection.use_key("new")
    await resumption.failed(REPLACED)
    assert asked == []
    assert resumption.begin() == credentials("new")
    with pytest.raises(ServerError, match="replaced"):
        await resumption.failed(REPLACED)
    assert [error.message for error in asked] == ["replaced"]


async def test_the_next_attempt_waits_for_the_pause_and_for_the_servers_delay(short_pauses: float) -> None:
    interruptions = Interruptions()
    resumption = Resumption(Connection("127.0.0.1:1"), interruptions.record)
    began = time.monotonic()
    await resumption.failed(ServerError(grpc.StatusCode.UNAVAILABLE, "away", retryable=True, retry_after=0.05))
    await resumption.failed(AWAY)
    assert time.monotonic() - began >= sum(interruptions.pauses)
    assert interruptions.pauses == pytest.approx([0.05 + 0.2 * short_pauses, 0.4 * short_pauses])


async def test_an_event_shows_that_the_key_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the second question would come after a pause."""

    def fail(*_: float) -> float:
        raise AssertionError("There is no pause.")

    async def renew(_error: ServerError) -> str:
        return next(answers)

    monkeypatch.setattr("iotflow.channels.random.uniform", fail)
    answers, refused = iter(("1", "2")), grpc.StatusCode.UNAUTHENTICATED
    streams = Streams(([1], refused), ([2], refused), ([3], None))
    async with connected(DESCRIPTOR, {"WatchConfig": streams.watch}, on_credential_wanted=renew) as connection:
        assert await first(3, connection, Interruptions().record) == [1, 2, 3]
    assert streams.keys == ["key", "1", "2"]


async def test_the_same_rejected_key_is_tried_again_after_pauses(short_pauses: float) -> None:
    async def renew(_error: ServerError) -> str:
        asked.append(time.monotonic())
        return "key"

    asked, refused = list[float](), grpc.StatusCode.UNAUTHENTICATED
    streams = Streams(([], refused), ([], refused), ([], refused), ([1], None))
    async with connected(DESCRIPTOR, {"WatchConfig": streams.watch}, on_credential_wanted=renew) as connection:
        assert await first(1, connection, Interruptions().record) == [1]
    assert (streams.keys, len(asked)) == (["key"] * 4, 3)
    assert asked[1] - asked[0] >= 0.2 * short_pauses
    assert asked[2] - asked[1] >= 0.4 * short_pauses

"""Sending the queue over streams, to a server that a test controls."""

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from grpc import StatusCode

from iotflow import sender as module
from iotflow.channels import LARGEST_ANSWER
from iotflow.delivery import Delivery, Entry
from iotflow.errors import ServerError
from iotflow.queue_records import RecordDamaged
from iotflow.sender import SenderCallbacks, StreamSender
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import DESCRIPTOR, StreamTelemetryResponse
from tests.support.scripted_server import WRONG_KEY, connected, key_of, reason_details

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

ROWS = 10


def entry(sequence: int) -> Entry:
    payload = TelemetryBatch(sequence=sequence).SerializeToString()
    return Entry(sequence, ROWS, len(payload), payload)


async def acknowledge(batch: TelemetryBatch, _context: Any) -> StreamTelemetryResponse | None:
    return StreamTelemetryResponse(committed_sequence=batch.sequence)


async def ignore(_batch: TelemetryBatch, _context: Any) -> StreamTelemetryResponse | None:
    return None


class Server:
    """StreamTelemetry: `take` answers each batch. received: the sequences of each stream. keys: of the calls.

    ended: set when a client has ended its side of a stream, which then waits for may_end. done: set when a stream is over.
    """

    def __init__(self, take: Callable[[TelemetryBatch, Any], Awaitable[Any]] = acknowledge) -> None:
        self.take = take
        self.received: list[list[int]] = []
        self.keys: list[str] = []
        self.arrived: asyncio.Queue[int] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.done = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def stream(
        self, batches: AsyncIterator[TelemetryBatch], context: Any
    ) -> AsyncIterator[StreamTelemetryResponse]:
        self.keys.append(key_of(context))
        sequences = list[int]()
        self.received.append(sequences)
        await context.send_initial_metadata(())
        context.add_done_callback(lambda _: self.done.set())
        async for batch in batches:
            sequences.append(batch.sequence)
            self.arrived.put_nowait(batch.sequence)
            answer = await self.take(batch, context)
            if answer is not None:
                yield answer
        self.ended.set()
        await self.may_end.wait()


class Recorder:
    """Callbacks in the order of their calls."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.pauses: list[float] = []
        self.interrupted = asyncio.Event()

    def callbacks(self) -> SenderCallbacks:
        return SenderCallbacks(
            on_acknowledged=self.calls.append,
            on_rejected=self.calls.append,
            on_interrupted=self._interrupted,
            on_unreadable=lambda unreadable: self.calls.append(("unreadable", unreadable.sequence)),
        )

    def _interrupted(self, error: ServerError, pause: float) -> None:
        self.calls.append((error.code, error.message))
        self.pauses.append(pause)
        self.interrupted.set()


async def in_memory(_entry: Entry) -> bytes:
    raise AssertionError("The payload is in memory.")


@asynccontextmanager
async def sending(
    server: Server,
    delivery: Delivery,
    recorder: Recorder,
    read: Callable[[Entry], Awaitable[bytes]] = in_memory,
    *,
    gives_up: bool = True,
    **options: Any,
) -> AsyncIterator[tuple[StreamSender, asyncio.Task[None]]]:
    """A sender that runs. It is cancelled at the end of the block."""
    async with connected(DESCRIPTOR, {"StreamTelemetry": server.stream}, **options) as connection:
        sender = StreamSender(connection, delivery, read, recorder.callbacks(), gives_up=gives_up)
        running = asyncio.create_task(sender.run())
        try:
            yield sender, running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def filled(window: int, *sequences: int) -> Delivery:
    delivery = Delivery(window)
    for sequence in sequences:
        delivery.add(entry(sequence))
    return delivery


async def settled(delivery: Delivery, sequence: int) -> None:
    await delivery.wait_until(lambda: delivery.is_settled(sequence))
    assert delivery.is_settled(sequence)


async def test_batches_are_sent_in_order_and_leave_with_their_acknowledgement() -> None:
    delivery, recorder, server = filled(9, 1, 2, 3), Recorder(), Server()
    async with sending(server, delivery, recorder):
        await settled(delivery, 3)
        delivery.add(entry(4))
        await settled(delivery, 4)
    assert (server.received, server.keys) == ([[1, 2, 3, 4]], ["key"])
    assert recorder.calls == [ROWS] * 4


async def test_rejections_are_reported_before_the_rows_of_their_batch() -> None:
    rejections = [Rejection(sequence=1, index=index) for index in range(2)]

    async def reject(batch: TelemetryBatch, _context: Any) -> StreamTelemetryResponse:
        return StreamTelemetryResponse(committed_sequence=batch.sequence, rejected=rejections)

    delivery, recorder = filled(9, 1), Recorder()
    async with sending(Server(reject), delivery, recorder):
        await settled(delivery, 1)
    assert recorder.calls == [*rejections, ROWS]


async def test_nothing_is_sent_before_the_server_has_accepted_the_stream() -> None:
    """gRPC would report the failed write in place of the server's error."""
    early = list[bool]()

    async def stream(batches: AsyncIterator[TelemetryBatch], context: Any) -> AsyncIterator[StreamTelemetryResponse]:
        first = asyncio.ensure_future(anext(aiter(batches)))
        await asyncio.wait((first,), timeout=0.2)
        early.append(first.done())
        await context.send_initial_metadata(())
        yield StreamTelemetryResponse(committed_sequence=(await first).sequence)

    delivery, server = filled(9, 1), Server()
    server.stream = stream  # type: ignore[method-assign]
    async with sending(server, delivery, Recorder()):
        await settled(delivery, 1)
    assert early == [False]


async def test_a_server_without_headers_gets_batches_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACCEPT_SECONDS", 0.05)

    async def stream(batches: AsyncIterator[TelemetryBatch], _context: Any) -> AsyncIterator[StreamTelemetryResponse]:
        async for batch in batches:
            yield StreamTelemetryResponse(committed_sequence=batch.sequence)

    server, delivery = Server(), filled(9, 1, 2)
    server.stream = stream  # type: ignore[method-assign,assignment]
    async with sending(server, delivery, Recorder()):
        await settled(delivery, 2)


def failing(code: StatusCode, sequence: int, *details: tuple[str, bytes]) -> Callable[..., Awaitable[Any]]:
    """Ends the stream at a batch, each time."""

    async def take(batch: TelemetryBatch, context: Any) -> StreamTelemetryResponse | None:
        if batch.sequence == sequence:
            await context.abort(code, "wrong", trailing_metadata=details)
        return await acknowledge(batch, context)

    return take


async def test_a_new_stream_begins_with_the_oldest_batch_without_acknowledgement(short_pauses: float) -> None:
    breaks = iter((2, 3, 3))

    async def take(batch: TelemetryBatch, context: Any) -> StreamTelemetryResponse | None:
        if batch.sequence == breaking[0]:
            breaking[0] = next(breaks, 0)
            await context.abort(StatusCode.UNAVAILABLE, "away")
        return await acknowledge(batch, context)

    breaking = [next(breaks)]
    delivery, recorder, server = filled(1, 1, 2, 3), Recorder(), Server(take)
    async with sending(server, delivery, recorder):
        await settled(delivery, 3)
    assert server.received == [[1, 2], [2, 3], [3], [3]]
    away = (StatusCode.UNAVAILABLE, "away")
    assert recorder.calls == [ROWS, away, ROWS, away, away, ROWS]
    # An acknowledgement begins with the first pause again.
    assert recorder.pauses == pytest.approx([0.2 * short_pauses, 0.2 * short_pauses, 0.4 * short_pauses])


@pytest.mark.usefixtures("short_pauses")
async def test_a_stream_that_the_server_ends_in_order_is_opened_again() -> None:
    async def stream(batches: AsyncIterator[TelemetryBatch], context: Any) -> AsyncIterator[StreamTelemetryResponse]:
        await context.send_initial_metadata(())
        batch = await anext(aiter(batches))
        yield StreamTelemetryResponse(committed_sequence=batch.sequence)

    server, delivery, recorder = Server(), filled(1, 1), Recorder()
    server.stream = stream  # type: ignore[method-assign]
    async with sending(server, delivery, recorder):
        await recorder.interrupted.wait()
        delivery.add(entry(2))
        await settled(delivery, 2)
    assert recorder.calls[:3] == [ROWS, (StatusCode.UNAVAILABLE, "The server ended the stream."), ROWS]


async def test_an_error_that_stays_ends_the_sender_and_all_waits() -> None:
    delivery, recorder = filled(9, 1), Recorder()
    async with sending(Server(failing(StatusCode.NOT_FOUND, 1)), delivery, recorder) as (_, running):
        await delivery.wait_until(lambda: False)
        with pytest.raises(ServerError) as raised:
            await running
    assert raised.value.code is StatusCode.NOT_FOUND
    assert (delivery.ended, len(delivery), recorder.calls) == (True, 1, [])


@pytest.mark.parametrize("code", [StatusCode.INVALID_ARGUMENT, StatusCode.OUT_OF_RANGE, StatusCode.RESOURCE_EXHAUSTED])
async def test_a_batch_that_ends_the_stream_is_found_and_given_up_without_a_pause(code: StatusCode) -> None:
    fail = failing(code, 3)

    async def take(batch: TelemetryBatch, context: Any) -> Any:
        if batch.sequence == 2 and len(server.received) == 1:
            return None
        if batch.sequence == 3:
            # More batches would be on the way by now, unless they go one at a time.
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await delivery.wait_until(lambda: delivery.on_the_way == len(delivery))
        return await fail(batch, context)

    delivery, recorder, server = filled(9, 1, 2, 3, 4), Recorder(), Server(take)
    async with sending(server, delivery, recorder):
        await settled(delivery, 4)
    assert server.received == [[1, 2, 3], [2, 3], [4]]
    assert Rejection(sequence=3, count=ROWS, reason=code.name, message="wrong") in recorder.calls
    assert recorder.calls.count(ROWS) == 3
    assert (len(recorder.calls), recorder.pauses) == (4, [])


async def test_a_batch_alone_on_the_way_is_given_up_at_once_with_the_servers_reason() -> None:
    take = failing(StatusCode.INVALID_ARGUMENT, 1, *reason_details("TOO_MANY_ROWS"))
    delivery, recorder, server = filled(9, 1, 2), Recorder(), Server(take)
    async with sending(server, delivery, recorder):
        await settled(delivery, 2)
    assert recorder.calls == [Rejection(sequence=1, count=ROWS, reason="TOO_MANY_ROWS", message="wrong"), ROWS]
    assert server.received == [[1], [2]]


async def test_a_caller_that_divides_batches_gets_the_error() -> None:
    delivery, recorder = filled(9, 1), Recorder()
    server = Server(failing(StatusCode.INVALID_ARGUMENT, 1))
    async with sending(server, delivery, recorder, gives_up=False) as (_, running):
        with pytest.raises(ServerError, match="wrong"):
            await running
    assert (len(delivery), recorder.calls) == (1, [])


async def test_an_error_about_a_batch_without_one_on_the_way_ends_the_sender() -> None:
    async def stream(_batches: AsyncIterator[TelemetryBatch], context: Any) -> AsyncIterator[StreamTelemetryResponse]:
        await context.abort(StatusCode.INVALID_ARGUMENT, "wrong")
        yield StreamTelemetryResponse()

    server, recorder = Server(), Recorder()
    server.stream = stream  # type: ignore[method-assign,assignment]
    async with sending(server, Delivery(9), recorder) as (_, running):
        with pytest.raises(ServerError, match="wrong"):
            await running
    assert recorder.calls == []


@pytest.mark.usefixtures("short_pauses")
async def test_a_server_without_room_gets_the_batch_again() -> None:
    full = failing(StatusCode.RESOURCE_EXHAUSTED, 1, *reason_details("FULL", retryable=True))

    async def take(batch: TelemetryBatch, context: Any) -> StreamTelemetryResponse | None:
        server.take = acknowledge
        return await full(batch, context)  # type: ignore[no-any-return]

    delivery, recorder, server = filled(9, 1), Recorder(), Server(take)
    async with sending(server, delivery, recorder):
        await settled(delivery, 1)
    assert recorder.calls == [(StatusCode.RESOURCE_EXHAUSTED, "wrong"), ROWS]


async def test_another_key_is_used_without_a_pause() -> None:
    async def renew(_error: ServerError) -> str:
        server.take = acknowledge
        return "new"

    delivery, recorder, server = filled(9, 1), Recorder(), Server(failing(StatusCode.UNAUTHENTICATED, 1, *WRONG_KEY))
    async with sending(server, delivery, recorder, on_credential_wanted=renew):
        await settled(delivery, 1)
    assert (server.keys, recorder.calls) == (["key", "new"], [ROWS])


async def test_an_acknowledgement_shows_that_the_key_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the second question would come after a pause."""

    def fail(*_: float) -> float:
        raise AssertionError("There is no pause.")

    async def renew(_error: ServerError) -> str:
        return next(answers)

    async def take(batch: TelemetryBatch, context: Any) -> StreamTelemetryResponse | None:
        if batch.sequence != len(server.keys):
            await context.abort(StatusCode.UNAUTHENTICATED, "wrong", WRONG_KEY)
        return await acknowledge(batch, context)

    monkeypatch.setattr("iotflow.channels.random.uniform", fail)
    answers = iter(("1", "2"))
    delivery, recorder, server = filled(1, 1, 2, 3), Recorder(), Server(take)
    async with sending(server, delivery, recorder, on_credential_wanted=renew):
        await settled(delivery, 3)
    assert (server.keys, server.received) == (["key", "1", "2"], [[1, 2], [2, 3], [3]])


async def test_without_another_key_the_error_ends_the_sender() -> None:
    delivery, recorder, server = filled(9, 1), Recorder(), Server(failing(StatusCode.UNAUTHENTICATED, 1, *WRONG_KEY))
    async with sending(server, delivery, recorder) as (_, running):
        with pytest.raises(ServerError) as raised:
            await running
    assert (raised.value.code, server.keys, recorder.calls) == (StatusCode.UNAUTHENTICATED, ["key"], [])


async def test_batches_are_read_from_the_disk_and_left_out_where_they_cannot_be() -> None:
    async def read(stored: Entry) -> bytes:
        if stored.sequence == 2:
            raise RecordDamaged("damaged")
        return payloads[stored.sequence]

    delivery, recorder, server = Delivery(9), Recorder(), Server()
    payloads = {sequence: entry(sequence).payload for sequence in (1, 2, 3)}
    for sequence, payload in payloads.items():
        delivery.add(Entry(sequence, ROWS, len(payload), b""))
    async with sending(server, delivery, recorder, read):
        await settled(delivery, 3)
    assert server.received == [[1, 3]]
    assert recorder.calls == [ROWS, ("unreadable", 2), ROWS]


@pytest.mark.usefixtures("short_pauses")
async def test_a_batch_that_cannot_be_read_at_present_is_sent_later() -> None:
    failures = [OSError(errno.EMFILE, "Too many open files")]

    async def read(_stored: Entry) -> bytes:
        if failures:
            raise failures.pop()
        return payload

    delivery, recorder, server = Delivery(9), Recorder(), Server()
    payload = entry(1).payload
    delivery.add(Entry(1, ROWS, len(payload), b""))
    async with sending(server, delivery, recorder, read):
        await settled(delivery, 1)
    (code, message), rows = recorder.calls
    assert (code, rows) == (StatusCode.UNAVAILABLE, ROWS)
    assert "The queue cannot be read: [Errno 24] Too many open files" in message


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"])
async def test_a_page_in_place_of_the_service_stops_nothing_and_is_no_reason_to_ask_for_a_key(code: str) -> None:
    async def fail(_error: ServerError) -> str:
        raise AssertionError("The key is not the cause.")

    async def take(batch: TelemetryBatch, context: Any) -> StreamTelemetryResponse | None:
        if batch.sequence == 2:
            server.take = acknowledge
            await context.abort(StatusCode[code], "HTTP status 401")
        return await acknowledge(batch, context)

    delivery, recorder, server = filled(9, 1, 2), Recorder(), Server(take)
    async with sending(server, delivery, recorder, on_credential_wanted=fail):
        await settled(delivery, 2)
    assert recorder.calls == [ROWS, (StatusCode[code], "HTTP status 401"), ROWS]


async def test_a_large_answer_is_no_fault_of_a_batch() -> None:
    """The limit of gRPC itself is 4 MiB, and its error is RESOURCE_EXHAUSTED."""
    rejections = [Rejection(sequence=1, index=index, message="x" * 1_000) for index in range(20_000)]

    async def reject(batch: TelemetryBatch, _context: Any) -> StreamTelemetryResponse:
        return StreamTelemetryResponse(committed_sequence=batch.sequence, rejected=rejections)

    delivery, recorder = filled(9, 1), Recorder()
    async with sending(Server(reject), delivery, recorder):
        await settled(delivery, 1)
    assert recorder.calls == [*rejections, ROWS]


@pytest.mark.usefixtures("short_pauses")
async def test_no_batch_is_blamed_for_an_answer_beyond_the_limit() -> None:
    rejection = Rejection(message="x" * LARGEST_ANSWER)

    async def take(batch: TelemetryBatch, _context: Any) -> StreamTelemetryResponse:
        server.take = acknowledge
        return StreamTelemetryResponse(committed_sequence=batch.sequence, rejected=[rejection])

    delivery, recorder, server = filled(9, 1, 2), Recorder(), Server(take)
    async with sending(server, delivery, recorder):
        await settled(delivery, 2)
    (code, message), *acknowledged = recorder.calls
    assert code is StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in message
    assert acknowledged == [ROWS, ROWS]


async def test_an_exception_of_the_callback_for_an_unreadable_batch_ends_the_sender() -> None:
    async def read(_stored: Entry) -> bytes:
        raise RecordDamaged("damaged")

    def fail(_unreadable: Entry) -> None:
        raise LookupError("of the callback")

    delivery, recorder = Delivery(9), Recorder()
    delivery.add(Entry(1, ROWS, 5, b""))
    async with connected(DESCRIPTOR, {"StreamTelemetry": Server().stream}) as connection:
        callbacks = replace(recorder.callbacks(), on_unreadable=fail)
        running = asyncio.create_task(StreamSender(connection, delivery, read, callbacks, gives_up=True).run())
        await delivery.wait_until(lambda: False)
        with pytest.raises(LookupError, match="of the callback"):
            await running


async def test_the_next_stream_waits_for_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: 0.5)

    async def take(_batch: TelemetryBatch, context: Any) -> None:
        server.take = acknowledge
        await context.abort(StatusCode.UNAVAILABLE, "away")

    delivery, recorder, server = filled(1, 1), Recorder(), Server(take)
    async with sending(server, delivery, recorder):
        await recorder.interrupted.wait()
        began = time.monotonic()
        await settled(delivery, 1)
    assert time.monotonic() - began >= 0.9 * recorder.pauses[0]


async def test_a_sender_that_ends_tells_the_server_and_waits_for_its_end() -> None:
    delivery, server = filled(9, 1), Server()
    server.may_end.clear()
    async with sending(server, delivery, Recorder()) as (sender, running):
        await settled(delivery, 1)
        ending = asyncio.create_task(sender.end())
        await server.ended.wait()
        assert not ending.done()
        server.may_end.set()
        await ending
        await running
    assert (delivery.ended, server.received) == (True, [[1]])


async def test_the_end_waits_a_moment_only_for_a_server_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "END_SECONDS", 0.05)
    delivery, server = filled(9, 1), Server()
    server.may_end.clear()
    async with sending(server, delivery, Recorder()) as (sender, running):
        await settled(delivery, 1)
        await sender.end()
        assert not running.done()


async def test_a_sender_without_a_stream_ends_at_once() -> None:
    async with connected(DESCRIPTOR, {}) as connection:
        delivery = Delivery(1)
        sender = StreamSender(connection, delivery, in_memory, Recorder().callbacks(), gives_up=True)
        await sender.end()
        await sender.run()
        assert delivery.ended


async def test_a_sender_that_is_cancelled_cancels_its_stream() -> None:
    server = Server(ignore)
    async with sending(server, filled(9, 1), Recorder()) as (_, running):
        await server.arrived.get()
        running.cancel()
        await server.done.wait()


async def test_an_exception_of_a_callback_ends_the_sender_and_its_stream() -> None:
    def fail(_rows: int) -> None:
        raise LookupError("of the callback")

    server, delivery = Server(), filled(9, 1)
    async with connected(DESCRIPTOR, {"StreamTelemetry": server.stream}) as connection:
        callbacks = replace(Recorder().callbacks(), on_acknowledged=fail)
        with pytest.raises(LookupError, match="of the callback"):
            await StreamSender(connection, delivery, in_memory, callbacks, gives_up=True).run()
        await server.done.wait()
    # Its rows are not acknowledged.
    assert (delivery.ended, len(delivery)) == (True, 1)

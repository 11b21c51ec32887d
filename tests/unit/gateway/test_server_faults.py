"""If the server fails over a message, the message is rejected after a few attempts, and all others are stored."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from iotflow.errors import ServerError
from iotflow.readings import Reading
from iotflow.v1 import (
    gateway_service_pb2,
    gateway_service_pb2_grpc,
    mqtt_pb2,
    mqtt_service_pb2,
    mqtt_service_pb2_grpc,
    presence_pb2,
    telemetry_pb2,
    telemetry_service_pb2,
    telemetry_service_pb2_grpc,
)
from iotflow.v1.stream_pb2 import StreamCaughtUp
from iotflow_gateway.accounts.directory import AccountWatch, Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.devices.acknowledgements import OrderedCalls
from iotflow_gateway.devices.presence import PresenceHandler
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, Message, Rejected
from iotflow_gateway.pipeline.uplink import Uplink
from iotflow_gateway.retries import TRIES
from iotflow_gateway.topics import Address, Kind
from iotflow_server.errors import DomainError, InternalError, Unauthenticated
from iotflow_server.interceptors.errors import CODES, status

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

PATIENCE = 30.0
FAILED = InternalError("INTERNAL", "The server failed with an internal error; its log has the details.")
POISON = "poison"
# Length of the waits between attempts. These tests count attempts and do not measure their duration.
SHORTENED = 0.001


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: SHORTENED)
    monkeypatch.setattr("iotflow_gateway.accounts.lookups.RETRY_SECONDS", SHORTENED)
    monkeypatch.setattr("iotflow_gateway.pipeline.uplink.WATCH_SECONDS", SHORTENED)


class FailingServer(
    telemetry_service_pb2_grpc.TelemetryServiceServicer,
    gateway_service_pb2_grpc.GatewayServiceServicer,
    mqtt_service_pb2_grpc.MqttServiceServicer,
):
    """Fails, with the server's own error, over each request for which `fails_over` is true. stored: rows, by device and time."""

    def __init__(self, fails_over: Callable[[Any], bool], error: DomainError | None = FAILED) -> None:
        self._fails_over = fails_over
        self._error = error
        self.stored: list[tuple[int, int]] = []
        self.reported: list[int] = []
        self.calls = 0

    async def StreamTelemetry(self, batches: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        # Writers wait for the metadata, as the server sends it.
        await context.send_initial_metadata(())
        async for batch in batches:
            await self._check(batch, context)
            devices = batch.device_ids or [batch.device_id] * len(batch.timestamps)
            self.stored.extend(zip(devices, batch.timestamps, strict=True))
            yield telemetry_service_pb2.StreamTelemetryResponse(committed_sequence=batch.sequence)

    async def ReportPresence(self, request: Any, context: Any) -> Any:
        await self._check(request, context)
        self.reported.extend(report.device_id for report in request.reports)
        return gateway_service_pb2.ReportPresenceResponse(accepted=len(request.reports))

    async def FindAccount(self, request: Any, context: Any) -> Any:
        await self._check(request, context)
        return mqtt_service_pb2.FindAccountResponse(account=mqtt_pb2.MqttAccount(device_id=7))

    async def WatchAccounts(self, request: Any, context: Any) -> AsyncIterator[Any]:
        await self._check(request, context)
        yield mqtt_service_pb2.WatchAccountsResponse(caught_up=StreamCaughtUp())
        await asyncio.Event().wait()

    async def _check(self, request: Any, context: Any) -> None:
        self.calls += 1
        if not self._fails_over(request):
            return
        if self._error is None:
            raise RuntimeError("a fault that no interceptor turns into a status")
        code = CODES[type(self._error)]
        details = ("grpc-status-details-bin", status(code, self._error).SerializeToString())
        await context.abort(code, self._error.message, trailing_metadata=(details,))


class RejectingServer(FailingServer):
    """Fails over its first batch. On a stream, it answers the first batch, and the second with the third: it rejects one of them."""

    async def StreamTelemetry(self, batches: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        await context.send_initial_metadata(())
        received = []
        async for batch in batches:
            await self._check(batch, context)
            received.append(batch)
            if len(received) in (1, 3):
                rejections = [
                    telemetry_pb2.Rejection(sequence=one.sequence, count=1, reason="TYPE_CONFLICT")
                    for one in received
                    if has_poison(one)
                ]
                yield telemetry_service_pb2.StreamTelemetryResponse(
                    committed_sequence=batch.sequence, rejected=rejections
                )


def failing(fails_over: Callable[[Any], bool], error: DomainError | None = FAILED) -> FailingServer:
    return FailingServer(fails_over, error)  # type: ignore[abstract]


@asynccontextmanager
async def serving(server: FailingServer) -> AsyncIterator[grpc.aio.Channel]:
    running = grpc.aio.server()
    telemetry_service_pb2_grpc.add_TelemetryServiceServicer_to_server(server, running)
    gateway_service_pb2_grpc.add_GatewayServiceServicer_to_server(server, running)
    mqtt_service_pb2_grpc.add_MqttServiceServicer_to_server(server, running)
    port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    try:
        async with asyncio.timeout(PATIENCE), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await running.stop(None)


class Outcome:
    """The outcome of messages."""

    def __init__(self) -> None:
        self.rejected: list[tuple[str, str, bool]] = []
        self.finished: list[str] = []
        self._changed = asyncio.Event()

    @property
    def callbacks(self) -> Callbacks:
        return Callbacks(reject=self.reject, finish=self.finish)

    def reject(self, message: Message, rejected: Rejected) -> None:
        self.rejected.append((message.topic, rejected.reason, rejected.retryable))

    def finish(self, message: Message) -> None:
        self.finished.append(message.topic)
        self._changed.set()

    async def wait_for(self, count: int) -> None:
        while len(self.finished) < count:
            self._changed.clear()
            await self._changed.wait()


@asynccontextmanager
async def at_work(*works: Any) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def message(name: str, kind: Kind = Kind.TELEMETRY) -> Message:
    return Message(name, Address(kind, "7", "p/devices/7"), b"", 1, 1)


def has_poison(request: Any) -> bool:
    return any(column.measurement == POISON for column in getattr(request, "columns", ()))


async def test_one_message_is_rejected_and_all_others_are_stored() -> None:
    """The other messages of its batch are stored once the batch is split."""
    server, outcome, batcher = failing(has_poison), Outcome(), Batcher()
    sent: list[str] = []
    for number in range(300):
        device, names = number % 20, ["fine"] if number != 150 else ["fine", POISON]
        sent.append(f"message {number}")
        batcher.add(device, message(sent[-1]), [Reading(1_000 + number, dict.fromkeys(names, 1.0))])
    async with serving(server) as channel:
        uplink = Uplink(channel, "token", batcher, outcome.callbacks)
        async with at_work(uplink.run()) as (task,):
            await outcome.wait_for(300)
            # The adapter continues.
            batcher.add(1, message("later"), [Reading(5_000, {"fine": 1.0})])
            await outcome.wait_for(301)
            assert not task.done()
    assert outcome.rejected == [("message 150", "INTERNAL", True)]
    assert sorted(outcome.finished) == sorted([*sent, "later"])
    wanted = {(number % 20, 1_000 + number) for number in range(300) if number != 150}
    assert set(server.stored) == wanted | {(1, 5_000)}


async def test_a_batch_made_by_the_device_is_rejected() -> None:
    """Also if the server aborts the stream without an error of its own."""
    server, outcome, batcher = failing(has_poison, None), Outcome(), Batcher()
    column = telemetry_pb2.Column(measurement=POISON, doubles=[1.0])
    batcher.add_batch(7, message("own"), telemetry_pb2.TelemetryBatch(device_id=7, timestamps=[1], columns=[column]))
    batcher.add(7, message("behind it"), [Reading(2, {"fine": 1.0})])
    async with serving(server) as channel:
        uplink = Uplink(channel, "token", batcher, outcome.callbacks)
        async with at_work(uplink.run()):
            await outcome.wait_for(2)
    assert (outcome.rejected, server.stored) == ([("own", "UNKNOWN", True)], [(7, 2)])


async def test_a_message_is_sent_alone_a_number_of_times_before_it_is_rejected() -> None:
    """A failure while other batches are in flight does not count: another one may be at fault."""
    attempts = list[object]()

    def fails_over(request: Any) -> bool:
        if has_poison(request):
            attempts.append(request)
        return has_poison(request)

    server, outcome, batcher = failing(fails_over), Outcome(), Batcher()
    for time, name in enumerate((POISON, "fine"), 1):
        column = telemetry_pb2.Column(measurement=name, doubles=[1.0])
        batch = telemetry_pb2.TelemetryBatch(device_id=7, timestamps=[time], columns=[column])
        batcher.add_batch(7, message(name), batch)
    async with serving(server) as channel:
        uplink = Uplink(channel, "token", batcher, outcome.callbacks)
        async with at_work(uplink.run()):
            await outcome.wait_for(2)
    assert outcome.rejected == [(POISON, "INTERNAL", True)]
    assert len(attempts) == 1 + TRIES


async def test_a_temporary_fault_rejects_no_message() -> None:
    left = iter([True, True, True])
    server, outcome, batcher = failing(lambda _: next(left, False)), Outcome(), Batcher()
    for number in range(50):
        batcher.add(number, message(str(number)), [Reading(number, {"fine": 1.0})])
    async with serving(server) as channel:
        uplink = Uplink(channel, "token", batcher, outcome.callbacks)
        async with at_work(uplink.run()):
            await outcome.wait_for(50)
    assert (outcome.rejected, len(set(server.stored))) == ([], 50)


async def test_a_batch_that_is_rejected_after_a_fault_is_that_of_its_message() -> None:
    """The batches of each stream are numbered from 1."""
    left = iter([True])
    server, outcome, batcher = RejectingServer(lambda _: next(left, False)), Outcome(), Batcher()  # type: ignore[abstract]

    def send(name: str, time: int) -> None:
        column = telemetry_pb2.Column(measurement=name, doubles=[1.0])
        batch = telemetry_pb2.TelemetryBatch(device_id=7, timestamps=[time], columns=[column])
        batcher.add_batch(7, message(name), batch)

    async with serving(server) as channel:
        uplink = Uplink(channel, "token", batcher, outcome.callbacks)
        async with at_work(uplink.run()):
            send("sent again", 1)
            await outcome.wait_for(1)
            send(POISON, 2)
            send("fine", 3)
            await outcome.wait_for(3)
    assert outcome.rejected == [(POISON, "TYPE_CONFLICT", False)]
    assert outcome.finished == ["sent again", POISON, "fine"]


async def test_a_server_that_rejects_the_adapter_ends_it_without_loss() -> None:
    server = failing(lambda _: True, Unauthenticated("WRONG_TOKEN", "no token"))
    outcome, batcher = Outcome(), Batcher()
    batcher.add(1, message("kept"), [Reading(1, {"fine": 1.0})])
    async with serving(server) as channel:
        with pytest.raises(ServerError, match="WRONG_TOKEN"):
            await Uplink(channel, "token", batcher, outcome.callbacks).run()
        with pytest.raises(ServerError, match="WRONG_TOKEN"):
            await AccountWatch(channel, (), Directory(), lambda: None).run()
    assert not outcome.finished


async def test_one_device_does_not_block_the_presence_of_others() -> None:
    server = failing(lambda request: any(report.device_id == 13 for report in request.reports))
    outcome = Outcome()
    async with serving(server) as channel:
        presence = PresenceHandler(channel, (), outcome.callbacks)
        for device in range(20):
            presence.handle(message(str(device), Kind.HEARTBEAT), device, {})
        async with at_work(presence.run()) as (task,):
            await outcome.wait_for(20)
            assert not task.done()
    assert outcome.rejected == [("13", "INTERNAL", True)]
    assert sorted(server.reported) == [device for device in range(20) if device != 13]


async def test_a_failing_lookup_is_rejected() -> None:
    server = failing(lambda request: request.username == "odd")
    async with serving(server) as channel:
        lookups = Lookups(channel, ())
        odd, other = lookups.by_username("odd"), lookups.by_username("other")
        assert isinstance(odd, asyncio.Task)
        assert isinstance(other, asyncio.Task)
        assert await other == 7
        with pytest.raises(Rejected, match="failed over"):
            await odd
        await lookups.close()


async def test_a_failing_call_is_rejected_and_later_ones_continue() -> None:
    outcome, server = Outcome(), failing(lambda request: len(request.reports) == 2)
    async with serving(server) as channel:
        stub = gateway_service_pb2_grpc.GatewayServiceStub(channel)
        answers = OrderedCalls(outcome.callbacks)

        def call(reports: int) -> Callable[[], Any]:
            request = gateway_service_pb2.ReportPresenceRequest()
            request.reports.extend(presence_pb2.PresenceReport(device_id=one) for one in range(reports))
            return lambda: stub.ReportPresence(request)

        answers.submit(message("fails"), 1, call(2))
        answers.submit(message("behind it"), 1, call(1))
        await outcome.wait_for(2)
        await answers.close()
    assert outcome.rejected == [("fails", "INTERNAL", True)]
    assert outcome.finished == ["fails", "behind it"]


async def test_a_call_that_fails_unexpectedly_is_rejected_and_later_ones_continue() -> None:
    outcome = Outcome()
    calls = OrderedCalls(outcome.callbacks)

    async def fail() -> None:
        raise ZeroDivisionError

    async def succeed() -> None:
        """The server answers."""

    calls.submit(message("fails"), 1, fail)
    calls.submit(message("behind it"), 1, succeed)
    async with asyncio.timeout(PATIENCE):
        await outcome.wait_for(2)
    await calls.close()
    assert [(topic, reason) for topic, reason, _ in outcome.rejected] == [("fails", "INTERNAL")]
    assert outcome.finished == ["fails", "behind it"]


def failing_first(times: int) -> Iterator[bool]:
    yield from [True] * times
    while True:
        yield False


async def test_a_failing_watch_is_restarted() -> None:
    fails = failing_first(3)
    server = failing(lambda _: next(fails))
    async with serving(server) as channel:
        watching = AccountWatch(channel, (), Directory(), lambda: None)
        async with at_work(watching.run()) as (task,):
            await watching.complete()
            assert not task.done()
    assert server.calls == 4

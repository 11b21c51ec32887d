"""A server that fails over a message: the message is given up after a few tries, and everything else is stored."""

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
    mqtt_service_pb2,
    mqtt_service_pb2_grpc,
    telemetry_pb2,
    telemetry_service_pb2,
    telemetry_service_pb2_grpc,
)
from iotflow_gateway.accounts.account_watch import AccountWatch
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.devices.ordered_calls import OrderedCalls
from iotflow_gateway.devices.presence import PresenceHandler
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, Message
from iotflow_gateway.pipeline.uplink import Uplink
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.topics import Address, Kind
from iotflow_server.errors import DomainError, InternalError, Unauthenticated
from iotflow_server.interceptors.errors import CODES, status

PATIENCE = 30.0
FAILED = InternalError("INTERNAL", "internal error; the server's log has more")
POISON = "poison"
# Of the waits between attempts; how often there is an attempt, and not how long that takes, is tested here.
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
    """Fails, as the server itself says it, over every request that `fails_over` says yes to. stored: rows, by device and time."""

    def __init__(self, fails_over: Callable[[Any], bool], says: DomainError | None = FAILED) -> None:
        self._fails_over = fails_over
        self._says = says
        self.stored: list[tuple[int, int]] = []
        self.reported: list[int] = []
        self.calls = 0

    async def StreamTelemetry(self, batches: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        # As the server does: writers wait for it.
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
        return mqtt_service_pb2.FindAccountResponse(account=mqtt_service_pb2.MqttAccount(device_id=7))

    async def WatchAccounts(self, request: Any, context: Any) -> AsyncIterator[Any]:
        await self._check(request, context)
        yield mqtt_service_pb2.WatchAccountsResponse(complete=True)
        await asyncio.Event().wait()

    async def _check(self, request: Any, context: Any) -> None:
        self.calls += 1
        if not self._fails_over(request):
            return
        if self._says is None:
            raise RuntimeError("a fault that no interceptor turns into a status")
        code = CODES[type(self._says)]
        details = ("grpc-status-details-bin", status(code, self._says).SerializeToString())
        await context.abort(code, self._says.message, trailing_metadata=(details,))


def failing(fails_over: Callable[[Any], bool], says: DomainError | None = FAILED) -> FailingServer:
    return FailingServer(fails_over, says)  # type: ignore[abstract]


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


class Ended:
    """What becomes of messages."""

    def __init__(self) -> None:
        self.refused: list[tuple[str, str, bool]] = []
        self.finished: list[str] = []
        self._news = asyncio.Event()

    @property
    def callbacks(self) -> Callbacks:
        return Callbacks(reject=self.refuse, finish=self.finish)

    def refuse(self, message: Message, refused: Rejected) -> None:
        self.refused.append((message.topic, refused.reason, refused.retryable))

    def finish(self, message: Message) -> None:
        self.finished.append(message.topic)
        self._news.set()

    async def wait_for(self, count: int) -> None:
        while len(self.finished) < count:
            self._news.clear()
            await self._news.wait()


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


async def test_one_message_is_given_up_and_all_others_are_stored() -> None:
    """Whoever came in a batch with it is stored, once the batch is taken apart."""
    server, ended, batcher = failing(has_poison), Ended(), Batcher()
    sent: list[str] = []
    for number in range(300):
        device, names = number % 20, ["fine"] if number != 150 else ["fine", POISON]
        sent.append(f"message {number}")
        batcher.add(device, message(sent[-1]), [Reading(1_000 + number, dict.fromkeys(names, 1.0))])
    async with serving(server) as channel:
        uplink = Uplink(channel, "token", batcher, ended.callbacks)
        async with at_work(uplink.run()) as (task,):
            await ended.wait_for(300)
            # It goes on.
            batcher.add(1, message("later"), [Reading(5_000, {"fine": 1.0})])
            await ended.wait_for(301)
            assert not task.done()
    assert ended.refused == [("message 150", "INTERNAL", True)]
    assert sorted(ended.finished) == sorted([*sent, "later"])
    wanted = {(number % 20, 1_000 + number) for number in range(300) if number != 150}
    assert set(server.stored) == wanted | {(1, 5_000)}


async def test_a_batch_of_the_devices_own_is_given_up() -> None:
    """Also where the server breaks off without a word of its own."""
    server, ended, batcher = failing(has_poison, None), Ended(), Batcher()
    column = telemetry_pb2.Column(measurement=POISON, doubles=[1.0])
    batcher.add_batch(7, message("own"), telemetry_pb2.TelemetryBatch(device_id=7, timestamps=[1], columns=[column]))
    batcher.add(7, message("behind it"), [Reading(2, {"fine": 1.0})])
    async with serving(server) as channel:
        uplink = Uplink(channel, "token", batcher, ended.callbacks)
        async with at_work(uplink.run()):
            await ended.wait_for(2)
    assert (ended.refused, server.stored) == ([("own", "UNKNOWN", True)], [(7, 2)])


async def test_a_passing_fault_costs_nothing() -> None:
    left = iter([True, True, True])
    server, ended, batcher = failing(lambda _: next(left, False)), Ended(), Batcher()
    for number in range(50):
        batcher.add(number, message(str(number)), [Reading(number, {"fine": 1.0})])
    async with serving(server) as channel:
        uplink = Uplink(channel, "token", batcher, ended.callbacks)
        async with at_work(uplink.run()):
            await ended.wait_for(50)
    assert (ended.refused, len(set(server.stored))) == ([], 50)


async def test_a_server_that_does_not_know_the_adapter_ends_it_and_loses_nothing() -> None:
    server = failing(lambda _: True, Unauthenticated("WRONG_TOKEN", "no token"))
    ended, batcher = Ended(), Batcher()
    batcher.add(1, message("kept"), [Reading(1, {"fine": 1.0})])
    async with serving(server) as channel:
        with pytest.raises(ServerError, match="WRONG_TOKEN"):
            await Uplink(channel, "token", batcher, ended.callbacks).run()
        with pytest.raises(ServerError, match="WRONG_TOKEN"):
            await AccountWatch(channel, (), Directory(), lambda: None).run()
    assert not ended.finished


async def test_one_device_does_not_stop_the_presence_of_others() -> None:
    server = failing(lambda request: any(report.device_id == 13 for report in request.reports))
    ended = Ended()
    async with serving(server) as channel:
        presence = PresenceHandler(channel, (), ended.callbacks)
        for device in range(20):
            presence.handle(message(str(device), Kind.HEARTBEAT), device, {})
        async with at_work(presence.run()) as (task,):
            await ended.wait_for(20)
            assert not task.done()
    assert ended.refused == [("13", "INTERNAL", True)]
    assert sorted(server.reported) == [device for device in range(20) if device != 13]


async def test_a_lookup_that_fails_is_given_up() -> None:
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


async def test_an_answer_that_fails_is_given_up_and_those_behind_it_go_on() -> None:
    ended, server = Ended(), failing(lambda request: len(request.reports) == 2)
    async with serving(server) as channel:
        stub = gateway_service_pb2_grpc.GatewayServiceStub(channel)
        answers = OrderedCalls(ended.callbacks)

        def call(reports: int) -> Callable[[], Any]:
            request = gateway_service_pb2.ReportPresenceRequest()
            request.reports.extend(gateway_service_pb2.PresenceReport(device_id=one) for one in range(reports))
            return lambda: stub.ReportPresence(request)

        answers.submit(message("fails"), 1, call(2))
        answers.submit(message("behind it"), 1, call(1))
        await ended.wait_for(2)
        await answers.close()
    assert ended.refused == [("fails", "INTERNAL", True)]
    assert ended.finished == ["fails", "behind it"]


def failing_first(times: int) -> Iterator[bool]:
    yield from [True] * times
    while True:
        yield False


async def test_a_watch_that_fails_is_begun_again() -> None:
    fails = failing_first(3)
    server = failing(lambda _: next(fails))
    async with serving(server) as channel:
        watching = AccountWatch(channel, (), Directory(), lambda: None)
        async with at_work(watching.run()) as (task,):
            await watching.complete()
            assert not task.done()
    assert server.calls == 4

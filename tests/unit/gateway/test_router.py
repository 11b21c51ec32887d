"""The router finds the device of each message, and rejects messages that have none."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import grpc
import orjson
import pytest
from structlog.testing import capture_logs

from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch
from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.accounts.lookups import UNKNOWN
from iotflow_gateway.metrics import GatewayMetrics
from iotflow_gateway.pipeline.arrival_times import ArrivalTimes
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, ConnectionKey, Message, Rejected
from iotflow_gateway.pipeline.payloads import AT_ONCE_BYTES, LONGEST, PROTOBUF
from iotflow_gateway.pipeline.telemetry_handler import TelemetryHandler
from iotflow_gateway.router import MessageRouter
from iotflow_gateway.topics import Kind, Topics

PATIENCE = 10.0
READING = {"a": 1.5}


class Lookups:
    """by_name, by_key: the results; a coroutine is a lookup in progress. asked: all names and keys."""

    def __init__(self) -> None:
        self.by_name: dict[str, int | Coroutine[Any, Any, int]] = {}
        self.keys: dict[str, int | Coroutine[Any, Any, int]] = {}
        self.pending: set[str] = set()
        self.asked: list[str] = []

    def by_username(self, username: str) -> "int | asyncio.Task[int]":
        return self._found(username, self.by_name)

    def by_key(self, api_key: str) -> "int | asyncio.Task[int]":
        return self._found(api_key, self.keys)

    def is_pending(self, username: str) -> bool:
        return username in self.pending

    def _found(self, word: str, results: Any) -> "int | asyncio.Task[int]":
        self.asked.append(word)
        result = results.get(word, UNKNOWN)
        return result if isinstance(result, int) else asyncio.create_task(result)


class Routed:
    """A router with the device 1, `pump`. handled: kind, device and content. rejected: reason, field and text."""

    def __init__(self, *, keyed: bool = False) -> None:
        self.lookups = Lookups()
        self.batcher = Batcher()
        self.handled: list[tuple[Kind, int, Any]] = []
        self.rejected: list[tuple[str, str, str]] = []
        self.finished: list[Message] = []
        self._changed = asyncio.Event()
        directory = Directory()
        directory.put(DeviceAccount(1, "pump", "active", ""))
        channel = grpc.aio.insecure_channel("127.0.0.1:1")
        callbacks = Callbacks(reject=self._reject, finish=self._finish)
        self.router = MessageRouter(
            directory=directory,
            lookups=self.lookups,  # type: ignore[arg-type]
            telemetry=TelemetryHandler(self.batcher, ArrivalTimes(channel, (), "process"), callbacks),
            handlers={kind: self._handler(kind) for kind in (Kind.HEARTBEAT, Kind.REGISTER, Kind.COMMAND_ACK)},
            callbacks=callbacks,
            metrics=GatewayMetrics(),
            keyed=keyed,
        )

    def give(self, topic: str, content: object = None, *, is_keyed_topic: bool = False, **fields: Any) -> Message:
        """content: bytes, or what is sent as JSON."""
        payload = content if isinstance(content, bytes) else orjson.dumps(content)
        topics = Topics("p")
        address = topics.keyed(topic) if is_keyed_topic else topics.parse(topic)
        message = Message(topic, address, payload, 1, 1, **fields)
        self.router.route(message)
        return message

    async def are_finished(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.finished) < count:
                self._changed.clear()
                await self._changed.wait()

    async def stored(self) -> TelemetryBatch:
        async with asyncio.timeout(PATIENCE):
            return (await self.batcher.next()).batch()

    def _handler(self, kind: Kind) -> Any:
        def handle(message: Message, device_id: int, content: Any) -> None:
            self.handled.append((kind, device_id, content))
            self._finish(message)

        return handle

    def _finish(self, message: Message) -> None:
        self.finished.append(message)
        self._changed.set()

    def _reject(self, _message: Message, rejected: Rejected) -> None:
        self.rejected.append((rejected.reason, rejected.field, rejected.message))


HEARTBEAT = "p/devices/pump/status/heartbeat"
TELEMETRY = "p/devices/pump/telemetry"


@pytest.mark.parametrize("name", ["pump", "1"])
async def test_a_message_belongs_to_the_device_of_its_topic(name: str) -> None:
    routed = Routed()
    routed.give(f"p/devices/{name}/status/heartbeat", {"x": 1})
    assert (routed.handled, routed.lookups.asked) == ([(Kind.HEARTBEAT, 1, {"x": 1})], [])


async def test_the_broker_may_know_the_device() -> None:
    routed = Routed()
    routed.give("p/devices/other/status/heartbeat", {}, device_id=5)
    assert routed.handled == [(Kind.HEARTBEAT, 5, {})]


async def test_a_name_that_the_directory_does_not_have_is_looked_up() -> None:
    async def found() -> int:
        return 9

    routed = Routed()
    routed.lookups.by_name = {"cached": 8, "new": found()}
    for name in ("cached", "new", "unknown" * 20):
        routed.give(f"p/devices/{name}/status/heartbeat", {})
    await routed.are_finished(3)
    assert sorted(device_id for _, device_id, _ in routed.handled) == [8, 9]
    ((reason, _, text),) = routed.rejected
    assert reason == "DEVICE_NOT_FOUND"
    assert ("unknown" * 20)[:100] in text
    assert "unknown" * 20 not in text


async def test_a_message_does_not_overtake_one_whose_device_is_looked_up() -> None:
    routed = Routed()
    routed.lookups.pending, routed.lookups.by_name = {"pump"}, {"pump": 1}
    routed.give(HEARTBEAT, {})
    assert routed.lookups.asked == ["pump"]


async def test_a_lookup_that_fails_rejects_the_message_and_a_cancelled_one_leaves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail() -> int:
        raise Rejected("INTERNAL", "failed over it")

    async def wait() -> int:
        await asyncio.Event().wait()
        return 0

    routed, problems = Routed(), list[Any]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    waiting = asyncio.create_task(wait())
    monkeypatch.setattr(routed.lookups, "by_username", lambda _: waiting)
    routed.give("p/devices/new/status/heartbeat", {})
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.sleep(0)
    assert (routed.finished, routed.rejected, problems) == ([], [], [])
    failing = asyncio.create_task(fail())
    monkeypatch.setattr(routed.lookups, "by_username", lambda _: failing)
    routed.give("p/devices/new/status/heartbeat", {})
    await routed.are_finished(1)
    assert routed.rejected == [("INTERNAL", "", "failed over it")]


async def test_a_replayed_message_is_acknowledged_and_not_processed() -> None:
    routed = Routed()
    message = routed.give(HEARTBEAT, {}, is_replay=True)
    assert (routed.finished, routed.handled, routed.rejected) == ([message], [], [])


async def test_a_registration_needs_no_device() -> None:
    routed = Routed()
    routed.give("p/discovery/register/abc", {"name": "new"})
    assert (routed.handled, routed.lookups.asked) == ([(Kind.REGISTER, UNKNOWN, {"name": "new"})], [])


@pytest.mark.parametrize(
    ("topic", "content", "reason"),
    [
        ("elsewhere", {}, "UNKNOWN_TOPIC"),
        (HEARTBEAT, b"x" * (LONGEST + 1), "TOO_LARGE"),
        (TELEMETRY, b"{", "INVALID_PAYLOAD"),
    ],
)
async def test_a_message_that_is_not_accepted_is_rejected_and_acknowledged(
    topic: str, content: object, reason: str
) -> None:
    routed = Routed()
    message = routed.give(topic, content)
    await routed.are_finished(1)
    assert (routed.finished, routed.handled) == ([message], [])
    assert [one for one, *_ in routed.rejected] == [reason]
    await routed.router.close()


async def test_an_unexpected_error_rejects_one_message_and_is_logged() -> None:
    routed = Routed()
    with capture_logs() as lines:
        # No handler.
        routed.give("p/devices/pump/config/reported", {})
    routed.give(HEARTBEAT, {})
    assert [reason for reason, *_ in routed.rejected] == ["INTERNAL"]
    assert (lines[0]["event"], len(routed.finished)) == ("message_failed", 2)


KEYED = {"api_key": "k", "data": READING}


@pytest.mark.parametrize(("keyed", "is_keyed_topic"), [(True, False), (False, True)])
async def test_the_key_in_a_message_identifies_its_device(keyed: bool, is_keyed_topic: bool) -> None:
    routed = Routed(keyed=keyed)
    routed.lookups.keys = {"k": 1}
    key = ConnectionKey()
    message = routed.give(HEARTBEAT, KEYED, is_keyed_topic=is_keyed_topic, connection_key=key)
    assert [device_id for _, device_id, _ in routed.handled] == [1]
    assert (message.device_id, key.api_key, routed.lookups.asked) == (1, "k", ["k"])
    # A last will is plain text.
    routed.give(HEARTBEAT, b"offline", is_keyed_topic=is_keyed_topic, connection_key=key)
    assert [device_id for _, device_id, _ in routed.handled] == [1, 1]


@pytest.mark.parametrize(
    ("topic", "content", "reason"),
    [
        (HEARTBEAT, {"api_key": "wrong"}, "WRONG_KEY"),
        (HEARTBEAT, {}, "KEY_REQUIRED"),
        ("p/devices/other/status/heartbeat", KEYED, "NOT_YOUR_DEVICE"),
    ],
)
async def test_a_message_without_the_key_of_its_topics_device_is_rejected(
    topic: str, content: object, reason: str
) -> None:
    routed = Routed()
    routed.lookups.keys = {"k": 1}
    key = ConnectionKey()
    message = routed.give(topic, content, is_keyed_topic=True, connection_key=key)
    assert [(one, field) for one, field, _ in routed.rejected] == [(reason, "api_key")]
    assert (routed.handled, routed.finished, message.device_id, key.api_key) == ([], [message], 0, "")


async def test_telemetry_is_decoded_as_json_or_as_a_batch() -> None:
    routed = Routed()
    routed.give(TELEMETRY, {"data": READING, "timestamp": 1_760_000_000_000})
    batch = await routed.stored()
    assert (batch.device_id or list(batch.device_ids), list(batch.timestamps)) == (1, [1_760_000_000_000])
    sent = TelemetryBatch(timestamps=[5], columns=[Column(measurement="a", doubles=[1.0])])
    routed = Routed()
    routed.give(TELEMETRY, sent.SerializeToString(), content_type=PROTOBUF)
    batch = await routed.stored()
    assert (batch.device_id, list(batch.timestamps)) == (1, [5])


async def test_a_long_message_waits_for_the_lookup_of_its_device() -> None:
    """A document of any kind is decoded in a thread where it is long."""

    async def found() -> int:
        return 9

    routed = Routed()
    routed.lookups.by_name = {"new": found()}
    padding = "x" * AT_ONCE_BYTES
    routed.give("p/devices/new/telemetry", {"data": {"a": padding[:100]}, "note": padding})
    batch = await routed.stored()
    assert batch.device_id == 9 or set(batch.device_ids) == {9}
    routed.give(HEARTBEAT, {"note": padding})
    await routed.are_finished(1)
    assert [device_id for _, device_id, _ in routed.handled] == [1]
    await routed.router.close()


# Texts that would be valid beside others in a list, or that end or continue it.
NOT_JSON = [
    b"1],[2",
    b"1,2",
    b'{"a":1},{"a":2}',
    b"}",
    b"{",
    b"]",
    b"[",
    b'"',
    b",",
    b"",
    b" ",
    b"\xff",
    b'{"a":1}\0',
    b"\\",
]


@pytest.mark.parametrize("payload", NOT_JSON, ids=repr)
async def test_a_payload_that_is_no_json_is_rejected_alone(payload: bytes) -> None:
    """Whatever arrives with it."""
    routed = Routed()
    good = [{"data": READING, "timestamp": 1_760_000_000_000 + number} for number in range(2)]
    routed.give(TELEMETRY, good[0])
    wrong = routed.give(TELEMETRY, payload)
    routed.give(TELEMETRY, good[1])
    assert ([reason for reason, *_ in routed.rejected], routed.finished) == (["INVALID_PAYLOAD"], [wrong])
    assert list((await routed.stored()).timestamps) == [one["timestamp"] for one in good]

"""Long JSON does not delay other devices, and later messages of its device do not overtake it."""

import asyncio
from typing import Any

import grpc
import orjson
import pytest

from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.metrics import GatewayMetrics
from iotflow_gateway.pipeline.arrival_times import ArrivalTimes
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, Message, Rejected
from iotflow_gateway.pipeline.telemetry_handler import TelemetryHandler
from iotflow_gateway.router import MessageRouter
from iotflow_gateway.topics import Kind, Topics

PATIENCE = 30.0
LONG, SHORT = "pump", "lamp"
ROWS = 3_000


# A command whose acknowledgement the handler fails on.
FAILS = 13


class Routed:
    """A router, with the outcome of its messages in order."""

    def __init__(self) -> None:
        self.batcher = Batcher()
        self.stored: list[tuple[int, int]] = []
        self.handled: list[tuple[int, Any]] = []
        self.rejected: list[str] = []
        self.finished: list[Message] = []
        self._changed = asyncio.Event()
        directory = Directory()
        directory.put(DeviceAccount(1, LONG, "active", "v"))
        directory.put(DeviceAccount(2, SHORT, "active", "v"))
        channel = grpc.aio.insecure_channel("127.0.0.1:1")
        handlers = {Kind.COMMAND_ACK: self._handle}
        callbacks = Callbacks(reject=self._reject, finish=self._finish)
        self.router = MessageRouter(
            directory=directory,
            lookups=Lookups(channel, ()),
            telemetry=TelemetryHandler(self.batcher, ArrivalTimes(channel, (), "process"), callbacks),
            handlers=handlers,
            callbacks=callbacks,
            metrics=GatewayMetrics(),
            keyed=False,
        )

    def give(self, device: str, below: str, content: object) -> Message:
        topic = f"p/devices/{device}/{below}"
        message = Message(topic, Topics("p").parse(topic), orjson.dumps(content), 1, 1)
        self.router.route(message)
        return message

    async def store(self, rows: int) -> None:
        """Store the rows of batches until the number is reached."""
        while len(self.stored) < rows:
            outgoing = await self.batcher.next()
            batch = outgoing.batch()
            devices = batch.device_ids or [batch.device_id] * len(batch.timestamps)
            self.stored.extend(zip(devices, batch.timestamps, strict=True))
            self.batcher.complete(outgoing)
            for message in outgoing.messages():
                message.pending_parts -= 1
                if not message.pending_parts:
                    self._finish(message)

    async def are_finished(self, count: int) -> None:
        """Wait until this number of messages is finished."""
        while len(self.finished) < count:
            self._changed.clear()
            await self._changed.wait()

    def _finish(self, message: Message) -> None:
        self.finished.append(message)
        self._changed.set()

    def _handle(self, message: Message, device_id: int, content: Any) -> None:
        if content["command_id"] == FAILS:
            raise ZeroDivisionError
        self.handled.append((device_id, content["command_id"]))
        self._finish(message)

    def _reject(self, _message: Message, rejected: Rejected) -> None:
        self.rejected.append(rejected.reason)


def readings(count: int, first: int = 0) -> list[dict[str, object]]:
    start = 1_760_000_000_000 + first
    return [{"timestamp": start + number, "data": {"a": 1.5, "b": number}} for number in range(count)]


async def test_a_long_list_does_not_delay_other_devices() -> None:
    """It is stored whole and in order, before later messages of its device, and acknowledged when it is stored whole."""
    routed = Routed()
    long = routed.give(LONG, "telemetry", readings(ROWS))
    behind = routed.give(LONG, "telemetry", readings(1, first=ROWS))
    other = routed.give(SHORT, "telemetry", readings(1))
    async with asyncio.timeout(PATIENCE):
        await routed.store(ROWS + 2)
        await routed.are_finished(3)
    assert routed.finished == [other, long, behind]
    assert [time for device, time in routed.stored if device == 1] == [
        1_760_000_000_000 + row for row in range(ROWS + 1)
    ]
    assert not routed.rejected
    await routed.router.close()


@pytest.mark.parametrize(
    ("content", "reason", "count"),
    [([1] * 9_000, "INVALID_PAYLOAD", 9_000), ([1] * 10_001, "TOO_MANY_READINGS", 1)],
    ids=["each item", "as a whole"],
)
async def test_a_rejected_long_list_is_acknowledged(content: list[int], reason: str, count: int) -> None:
    routed = Routed()
    message = routed.give(LONG, "telemetry", content)
    async with asyncio.timeout(PATIENCE):
        await routed.are_finished(1)
    assert routed.finished == [message]
    assert routed.rejected == [reason] * count
    await routed.router.close()


async def test_a_long_acknowledgement_of_a_command_keeps_its_order() -> None:
    """Short ones that follow it do not overtake it."""
    routed = Routed()
    for number, text in ((1, "x" * 100_000), (2, ""), (3, "")):
        routed.give(LONG, "commands/ack", {"command_id": number, "result": {"text": text}})
    async with asyncio.timeout(PATIENCE):
        await routed.are_finished(3)
    assert routed.handled == [(1, 1), (1, 2), (1, 3)]
    await routed.router.close()


async def test_messages_in_progress_when_the_adapter_ends_are_not_acknowledged() -> None:
    """The broker keeps them."""
    routed = Routed()
    routed.give(LONG, "telemetry", readings(ROWS))
    await asyncio.sleep(0)
    await routed.router.close()
    assert not routed.finished


async def test_a_message_that_the_adapter_fails_on_is_rejected_and_blocks_no_other() -> None:
    routed = Routed()
    failed = routed.give(SHORT, "commands/ack", {"command_id": FAILS})
    other = routed.give(SHORT, "commands/ack", {"command_id": 14})
    assert (routed.finished, routed.rejected, routed.handled) == ([failed, other], ["INTERNAL"], [(2, 14)])
    await routed.router.close()

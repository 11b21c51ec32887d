"""Long JSON keeps no other device waiting, and is overtaken by nothing of its own."""

import asyncio
from typing import Any

import grpc
import orjson
import pytest

from iotflow_gateway.accounts.directory import Account, Directory
from iotflow_gateway.accounts.lookups import Lookups
from iotflow_gateway.metrics import Metrics
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, Message
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.router import MessageRouter
from iotflow_gateway.topics import Kind, Topics

PATIENCE = 30.0
LONG, SHORT = "pump", "lamp"
ROWS = 3_000


class Taken:
    """A router, and what becomes of the messages given to it, in order."""

    def __init__(self) -> None:
        self.batcher = Batcher()
        self.stored: list[tuple[int, int]] = []
        self.handled: list[tuple[int, Any]] = []
        self.refused: list[str] = []
        self.finished: list[Message] = []
        self._news = asyncio.Event()
        directory = Directory()
        directory.put(Account(1, LONG, "active", "v"))
        directory.put(Account(2, SHORT, "active", "v"))
        channel = grpc.aio.insecure_channel("127.0.0.1:1")
        handlers = {Kind.COMMAND_ACK: self._handle}
        self.router = MessageRouter(
            directory=directory,
            lookups=Lookups(channel, ()),
            batcher=self.batcher,
            handlers=handlers,
            callbacks=Callbacks(reject=self._refuse, finish=self._finish),
            metrics=Metrics(),
            keyed=False,
        )

    def give(self, device: str, what: str, content: object) -> Message:
        topic = f"p/devices/{device}/{what}"
        message = Message(topic, Topics("p").parse(topic), orjson.dumps(content), 1, 1)
        self.router.route(message)
        return message

    async def store(self, rows: int) -> None:
        """What comes, until there are so many."""
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
        """Wait for so many."""
        while len(self.finished) < count:
            self._news.clear()
            await self._news.wait()

    def _finish(self, message: Message) -> None:
        self.finished.append(message)
        self._news.set()

    def _handle(self, message: Message, device_id: int, content: Any) -> None:
        self.handled.append((device_id, content["command_id"]))
        self._finish(message)

    def _refuse(self, _message: Message, refused: Rejected) -> None:
        self.refused.append(refused.reason)


def readings(count: int, first: int = 0) -> list[dict[str, object]]:
    start = 1_760_000_000_000 + first
    return [{"timestamp": start + number, "data": {"a": 1.5, "b": number}} for number in range(count)]


async def test_a_long_list_keeps_no_other_device_waiting() -> None:
    """It is stored whole and in order, what its device said after it comes after it, and it is acknowledged when all of it is stored."""
    taken = Taken()
    long = taken.give(LONG, "telemetry", readings(ROWS))
    behind = taken.give(LONG, "telemetry", readings(1, first=ROWS))
    other = taken.give(SHORT, "telemetry", readings(1))
    async with asyncio.timeout(PATIENCE):
        await taken.store(ROWS + 2)
        await taken.are_finished(3)
    assert taken.finished == [other, long, behind]
    assert [time for device, time in taken.stored if device == 1] == [
        1_760_000_000_000 + row for row in range(ROWS + 1)
    ]
    assert not taken.refused
    await taken.router.close()


@pytest.mark.parametrize(
    ("content", "reason", "count"),
    [([1] * 9_000, "INVALID_PAYLOAD", 9_000), ([1] * 10_001, "TOO_MANY_READINGS", 1)],
    ids=["each item", "as a whole"],
)
async def test_a_long_list_that_is_refused_is_acknowledged(content: list[int], reason: str, count: int) -> None:
    taken = Taken()
    message = taken.give(LONG, "telemetry", content)
    async with asyncio.timeout(PATIENCE):
        await taken.are_finished(1)
    assert taken.finished == [message]
    assert taken.refused == [reason] * count
    await taken.router.close()


async def test_a_long_answer_to_a_command_stays_in_its_order() -> None:
    """Short ones behind it come after it."""
    taken = Taken()
    for number, text in ((1, "x" * 100_000), (2, ""), (3, "")):
        taken.give(LONG, "commands/ack", {"command_id": number, "result": {"text": text}})
    async with asyncio.timeout(PATIENCE):
        await taken.are_finished(3)
    assert taken.handled == [(1, 1), (1, 2), (1, 3)]
    await taken.router.close()


async def test_what_is_under_way_when_the_adapter_ends_is_not_acknowledged() -> None:
    """The broker keeps it."""
    taken = Taken()
    taken.give(LONG, "telemetry", readings(ROWS))
    await asyncio.sleep(0)
    await taken.router.close()
    assert not taken.finished

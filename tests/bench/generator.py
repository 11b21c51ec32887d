"""Senders of telemetry that cost as little as they can: client and server share the processors."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from tests.bench.http2 import Stream, framed
from tests.bench.messages import Message

Metadata = tuple[tuple[str, str], ...]
METHOD = "/iotflow.v1.TelemetryService/StreamTelemetry"


class Sender:
    """One open StreamTelemetry. Whatever is acknowledged must be stored, and not only in the journal."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self.stream: Stream
        self._told = told
        self._last = 0
        self._problem = ""
        self._news = asyncio.Event()

    def take(self, answer: bytes) -> None:
        """An acknowledgement."""
        response = StreamTelemetryResponse.FromString(answer)
        if response.rejected:
            self._problem = str(response.rejected[0])
        elif response.buffered:
            self._problem = "IoTDB did not keep up, and was left out"
        self._last = response.committed_sequence
        self._told(self._last)
        self.wake()

    def wake(self) -> None:
        """Let who waits look around."""
        self._news.set()

    async def acknowledged(self, sequence: int) -> None:
        """Wait until everything up to this is acknowledged. AssertionError where something was rejected, or only buffered."""
        while self._last < sequence and not self._problem:
            assert not self.stream.ended.done(), "the server ended the stream"
            self._news.clear()
            await self._news.wait()
        assert not self._problem, self._problem


@asynccontextmanager
async def opened(
    address: str, metadata: Metadata, told: Callable[[int], None] = lambda _: None
) -> AsyncIterator[Sender]:
    """A stream by a connection of its own. told: of the sequence of each acknowledgement."""
    host, _, port = address.rpartition(":")
    sender = Sender(told)
    loop = asyncio.get_running_loop()
    _, sender.stream = await loop.create_connection(
        lambda: Stream(address, METHOD, metadata, sender.take), host, int(port)
    )
    sender.stream.ended.add_done_callback(lambda _: sender.wake())
    try:
        yield sender
        sender.stream.finish()
        await sender.stream.ended
    finally:
        sender.stream.close()


@dataclass(frozen=True, slots=True)
class Sending:
    """What one stream has to send, and who sends it."""

    metadata: Metadata
    messages: Sequence[Message]


def seconds(address: str, streams: Sequence[Sending]) -> float:
    """From the first batch sent to the last acknowledged, by so many streams at a time."""
    return asyncio.run(_all(address, streams))


async def _all(address: str, streams: Sequence[Sending]) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(_one(address, sending) for sending in streams))
    return time.perf_counter() - began


async def _one(address: str, sending: Sending) -> None:
    async with opened(address, sending.metadata) as sender:
        for message in sending.messages:
            await sender.stream.send(framed(message.head, message.columns))
        await sender.acknowledged(sending.messages[-1].sequence)

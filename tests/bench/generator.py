"""Senders of telemetry with little overhead: client and server share the processors."""

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
    """One open StreamTelemetry. An acknowledgement must mean that the store has the batch, not only the journal."""

    def __init__(self, on_acknowledged: Callable[[int], None]) -> None:
        self.stream: Stream
        self._on_acknowledged = on_acknowledged
        self._last = 0
        self._problem = ""
        self._changed = asyncio.Event()

    def take(self, answer: bytes) -> None:
        """Process an acknowledgement."""
        response = StreamTelemetryResponse.FromString(answer)
        if response.rejected:
            self._problem = str(response.rejected[0])
        elif response.buffered:
            self._problem = "the journal buffered, because IoTDB was too slow"
        self._last = response.committed_sequence
        self._on_acknowledged(self._last)
        self.wake()

    def wake(self) -> None:
        """Wake the task in acknowledged()."""
        self._changed.set()

    async def acknowledged(self, sequence: int) -> None:
        """Wait until everything up to this is acknowledged. Raises AssertionError if something was rejected, or only buffered."""
        while self._last < sequence and not self._problem:
            assert not self.stream.ended.done(), "the server ended the stream"
            self._changed.clear()
            await self._changed.wait()
        assert not self._problem, self._problem


@asynccontextmanager
async def opened(
    address: str, metadata: Metadata, on_acknowledged: Callable[[int], None] = lambda _: None
) -> AsyncIterator[Sender]:
    """A stream on its own connection. on_acknowledged: called with the sequence of each acknowledgement."""
    host, _, port = address.rpartition(":")
    sender = Sender(on_acknowledged)
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
    """The batches of one stream, and its sender."""

    metadata: Metadata
    messages: Sequence[Message]


def seconds(address: str, streams: Sequence[Sending]) -> float:
    """The seconds from the first batch to the last acknowledgement, with this number of streams at a time."""
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

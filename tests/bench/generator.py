"""Streams of a client that costs as little as it can: client and server share the processors."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc

from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from tests.bench.messages import Message

Metadata = tuple[tuple[str, str], ...]
METHOD = "/iotflow.v1.TelemetryService/StreamTelemetry"
# Streams of different senders come by connections of their own.
OPTIONS = (("grpc.use_local_subchannel_pool", 1),)


@dataclass(frozen=True, slots=True)
class Sending:
    """What one stream has to send, and who sends it."""

    metadata: Metadata
    messages: Sequence[Message]


def seconds(address: str, streams: Sequence[Sending]) -> float:
    """From the first batch sent to the last acknowledged, by so many streams at a time. All of it must be stored, and
    not only in the journal."""
    return asyncio.run(_all(address, streams))


async def _all(address: str, streams: Sequence[Sending]) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(_one(address, sending) for sending in streams))
    return time.perf_counter() - began


async def _one(address: str, sending: Sending) -> None:
    async with grpc.aio.insecure_channel(address, OPTIONS) as channel:
        # Bytes as they are: to serialize is not what is measured.
        method: Any = channel.stream_stream(METHOD, None, StreamTelemetryResponse.FromString)
        call = method(metadata=sending.metadata)
        sender = asyncio.create_task(_send(call, sending.messages))
        last = -1
        async for answer in call:
            assert not answer.rejected, answer.rejected[0]
            assert not answer.buffered, "IoTDB did not keep up, and was left out"
            last = answer.committed_sequence
        await sender
        assert last == sending.messages[-1].sequence, last


async def _send(call: Any, messages: Sequence[Message]) -> None:
    for message in messages:
        await call.write(message.head + message.columns)
    await call.done_writing()

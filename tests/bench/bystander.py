"""A device with few requests, and its latencies: it writes and reads over REST, and writes over MQTT."""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from iotflow.v1.telemetry_service_pb2 import SubscribeTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

KINDS = ("write", "read", "mqtt")
# Seconds between two calls of a kind, and the time limit of a call. A failed call counts as one that took the time limit.
EVERY, PATIENCE = 0.02, 10.0


@dataclass(slots=True)
class Waits:
    """Latency of each call in milliseconds, by kind, and the number of failed calls."""

    write: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    mqtt: list[float] = field(default_factory=list)
    failed: int = 0

    def p99(self, kind: str) -> float:
        """The 99th percentile of a kind; the time limit if there was no answer."""
        waits = getattr(self, kind)
        return float(np.percentile(waits, 99)) if waits else PATIENCE * 1_000

    @property
    def worst(self) -> float:
        """The largest 99th percentile of all kinds."""
        return max(map(self.p99, KINDS))


@dataclass(frozen=True, slots=True)
class Bystander:
    """A registered device. rest, grpc_port, mqtt: ports; mqtt 0: none."""

    device: int
    key: str
    rest: int
    grpc_port: int
    mqtt: int

    def waits(self, seconds: float) -> Waits:
        """The latencies in this number of seconds."""
        return asyncio.run(self._all(seconds))

    async def _all(self, seconds: float) -> Waits:
        waits, until = Waits(), time.monotonic() + seconds
        body = b'{"data":{"temperature":21.5}}'
        head = f"host: localhost\r\nx-api-key: {self.key}\r\ncontent-type: application/json\r\n"
        write = f"POST /api/v1/devices/telemetry HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body
        read = f"GET /api/v1/devices/telemetry?limit=10 HTTP/1.1\r\n{head}\r\n".encode()
        kinds = [self._calls(write, waits.write, waits, until), self._calls(read, waits.read, waits, until)]
        if self.mqtt:
            kinds.append(self._published(waits, until))
        await asyncio.gather(*kinds)
        return waits

    async def _calls(self, request: bytes, latencies: list[float], waits: Waits, until: float) -> None:
        connection = Connection(self.rest)
        while (began := time.monotonic()) < until:
            try:
                async with asyncio.timeout(PATIENCE):
                    await connection.request(request)
                latencies.append((time.monotonic() - began) * 1_000)
            except (OSError, EOFError, TimeoutError):
                waits.failed += 1
                latencies.append(PATIENCE * 1_000)
                connection.close()
            await asyncio.sleep(max(0.0, began + EVERY - time.monotonic()))
        connection.close()

    async def _published(self, waits: Waits, until: float) -> None:
        """The time from the publication of a message to its event in the live feed."""
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"bystander {self.device}")
        client.username_pw_set(str(self.device), self.key)
        client.connect("127.0.0.1", self.mqtt)
        client.loop_start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{self.grpc_port}") as channel:
            request = SubscribeTelemetryRequest(columnar=True, device_ids=[self.device], fields=["sent"])
            call: Any = TelemetryServiceStub(channel).SubscribeTelemetry(request, metadata=(("x-api-key", self.key),))
            await call.read()
            receiver = asyncio.create_task(_receive(call, waits))
            while time.monotonic() < until:
                payload = json.dumps({"data": {"sent": time.time() * 1_000}})
                client.publish(f"iotflow/devices/{self.device}/telemetry", payload, qos=1)
                await asyncio.sleep(EVERY)
            receiver.cancel()
            await asyncio.gather(receiver, return_exceptions=True)
        client.disconnect()
        client.loop_stop()


async def _receive(call: Any, waits: Waits) -> None:
    with suppress(grpc.aio.AioRpcError):
        while event := await call.read():
            now = time.time() * 1_000
            waits.mqtt += [now - sent for column in event.batch.columns for sent in column.doubles]


class Connection:
    """A persistent HTTP connection, which reconnects. With a client library, the measurement would be of the library."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, request: bytes) -> None:
        """Send a request and read the response. Raises OSError, EOFError unless its status is 2xx."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        await reader.readexactly(int(length.split(b":")[1]))
        if not head.startswith(b"http/1.1 2"):
            raise OSError(head)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

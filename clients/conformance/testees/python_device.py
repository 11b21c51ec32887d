"""Reading, and what devices do besides writing, of the Python client under test."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import numpy as np

from clients.conformance.testees.loop import Json, report
from iotflow.commands import Command
from iotflow.connection import Connection
from iotflow.device import Device
from iotflow.errors import ServerError
from iotflow.paging import pages
from iotflow.reading import TelemetryReader
from iotflow.v1.fleet_service_pb2 import ListDevicesRequest, ListDevicesResponse
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub


class ReaderUnderTest:
    """Reads over the present connection. connection: returns it."""

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection
        self._subscription: asyncio.Task[None] | None = None

    @property
    def _reader(self) -> TelemetryReader:
        return TelemetryReader(self._connection())

    async def latest(self, request: Json) -> Json:
        """The newest values."""
        found = await self._reader.latest(request["device_id"])
        return {"values": found.values, "timestamp": found.timestamp}

    async def range(self, request: Json) -> Json:
        """A range in pages."""
        found = self._reader.range(
            request["device_id"], request["start"], request["end"], page_size=request.get("page_size")
        )
        read = [page async for page in found]
        times = [_milliseconds(row["timestamp"]) for page in read for row in page]
        return {"rows": len(times), "pages": len(read), "first": min(times, default=0), "last": max(times, default=0)}

    async def aggregate(self, request: Json) -> Json:
        """Aggregates over windows."""
        found = await self._reader.aggregate(
            request["device_id"],
            request["start"],
            request["end"],
            window=request["window"],
            aggregation=request["aggregation"],
            fields=request.get("fields") or (),
        )
        return {"windows": [{**window, "timestamp": _milliseconds(window["timestamp"])} for window in found]}

    async def read(self, request: Json) -> Json:
        """Columns, and the sum of all doubles."""
        rows, total, batches = 0, 0.0, 0
        async for part in self._reader.read_parts(request["device_ids"], request["start"], request["end"]):
            rows, batches = rows + len(part.times), batches + 1
            total += sum(float(each.sum()) for each in part.columns.values() if each.dtype == np.float64)
        return {"rows": rows, "sum": total, "batches": batches}

    async def subscribe(self, request: Json) -> Json:
        """Report readings from now on."""
        subscribed = asyncio.Event()
        subscription = self._subscribed(request, subscribed)
        self._subscription = asyncio.create_task(subscription, name="subscription")
        waiting = asyncio.create_task(subscribed.wait())
        await asyncio.wait({self._subscription, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._subscription.done():
            self._subscription.result()
        return {}

    async def unsubscribe(self, _: Json) -> Json:
        """Report no more."""
        if self._subscription:
            self._subscription.cancel()
            await asyncio.gather(self._subscription, return_exceptions=True)
        return {}

    async def _subscribed(self, request: Json, subscribed: asyncio.Event) -> None:
        found = self._reader.subscribe(
            request["device_ids"],
            since=request.get("since"),
            on_subscribed=subscribed.set,
            on_missed=lambda count: report("missed", count=count),
            on_interrupted=report_interrupted,
        )
        async for part in found:
            for time, values in part.rows():
                report("reading", device_id=part.device_id, timestamp=time, values=values)


class DeviceUnderTest:
    """The device of the present connection."""

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def _device(self) -> Device:
        return Device(self._connection())

    async def register(self, request: Json) -> Json:
        """A new device."""
        registered = await self._device.register(request["name"], request["device_type"])
        return {"device_id": registered.device_id, "api_key": registered.api_key}

    async def heartbeat(self, request: Json) -> Json:
        """A sign of life."""
        answer = await self._device.heartbeat(request["status"])
        return {"timestamp": answer.timestamp.ToMilliseconds(), "status": answer.status}

    async def watch_config(self, _: Json) -> Json:
        """Report versions of the desired configuration from now on."""
        self._run(self._watch(self._device))
        return {}

    async def report_config(self, request: Json) -> Json:
        """The device's own configuration."""
        await self._device.report(request["configuration"])
        return {}

    async def handle_commands(self, request: Json) -> Json:
        """Handle commands from now on."""
        handlers = {"echo": _echo, "fail": _fail, "throw": _fail, "hang": _hang, "large": _large, "number": _number}
        self._run(self._device.handle_commands(handlers[request["outcome"]], report_interrupted))
        return {}

    async def rotate(self, _: Json) -> Json:
        """Another key."""
        return {"api_key": await self._device.rotate(lambda _: None)}

    async def list_devices(self, request: Json) -> Json:
        """All devices, in pages."""
        asked = ListDevicesRequest(page_size=request["page_size"])
        found = pages(self._connection(), FleetServiceStub, "ListDevices", asked, ListDevicesResponse)
        counts = [len(page.devices) async for page in found]
        return {"count": sum(counts), "pages": len(counts)}

    @staticmethod
    async def _watch(device: Device) -> None:
        async for config in device.configurations(report_interrupted):
            report("config", version=config.version, desired=config.desired)

    def _run(self, act: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(act)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _echo(command: Command) -> dict[str, Any]:
    _report_command(command)
    return command.parameters


async def _fail(command: Command) -> dict[str, Any]:
    _report_command(command)
    raise RuntimeError("The handler throws.")


async def _large(command: Command) -> dict[str, Any]:
    _report_command(command)
    return {"text": "x" * int(command.parameters["characters"])}


async def _number(command: Command) -> dict[str, Any]:
    _report_command(command)
    return {"number": 2**60}


async def _hang(command: Command) -> dict[str, Any]:
    _report_command(command)
    await asyncio.Event().wait()
    return {}


def _report_command(command: Command) -> None:
    report("command", command_id=command.id, name=command.name, parameters=command.parameters)


def report_interrupted(error: ServerError, delay: float) -> None:
    """Write the event of a connection that was lost."""
    report(
        "interrupted",
        code=error.code.name,
        reason=error.reason,
        message=error.message,
        delay_ms=round(delay * 1_000),
    )


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)

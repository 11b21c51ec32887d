"""Commands and desired configurations of a device at the door of gRPC."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import grpc

from iotflow.v1.device_service_pb2 import StreamCommandsRequest, UpdateDeviceConfigRequest, WatchConfigRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_simulators.doors.link import Listener
from iotflow_simulators.doors.structs import plain
from iotflow_simulators.tasks import OwnedTasks

CALL_SECONDS = 30.0


class GrpcListening:
    """Two streams beside that of the readings. Where one ends, so does that of the readings, which opens all again.

    tasks: of the door.
    """

    def __init__(
        self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], listener: Listener, tasks: OwnedTasks
    ) -> None:
        self._stub = DeviceServiceStub(channel)
        self._metadata = metadata
        self._listener = listener
        self._results: asyncio.Queue[StreamCommandsRequest] = asyncio.Queue()
        self._tasks = OwnedTasks(tasks)

    def open(self) -> None:
        """Begin to listen."""
        self._start(self._commands)
        self._start(self._configurations)

    def close(self) -> None:
        """End both streams."""
        self._tasks.cancel()

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """Send the result of a command."""
        request = StreamCommandsRequest(command_id=number, state="succeeded" if executed else "failed")
        request.result.update({**result, **({"message": message} if message else {})})
        self._results.put_nowait(request)

    def report(self, configuration: Mapping[str, Any]) -> None:
        """Report the configuration that is in force."""
        request = UpdateDeviceConfigRequest()
        request.configuration.update(dict(configuration))
        self._start(self._reported, request)

    async def _commands(self) -> None:
        call = self._stub.StreamCommands(metadata=self._metadata)
        sending = self._tasks.start(self._send(call), "results of commands")
        try:
            async for event in call:
                if event.HasField("command"):
                    command = event.command
                    self._listener.command(command.id, command.name, plain(command.parameters))
        finally:
            sending.cancel()
            call.cancel()

    async def _send(self, call: Any) -> None:
        # The server delivers commands without a result again.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while True:
                await call.write(await self._results.get())

    async def _configurations(self) -> None:
        async for event in self._stub.WatchConfig(WatchConfigRequest(), metadata=self._metadata):
            if event.config.desired_version:
                self._listener.configured(plain(event.config.desired))

    async def _reported(self, request: UpdateDeviceConfigRequest) -> None:
        await self._stub.UpdateDeviceConfig(request, metadata=self._metadata, timeout=CALL_SECONDS)

    def _start(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        self._tasks.start(_quietly(work, *arguments), "listening")


async def _quietly(work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
    """The stream of the readings reports why a connection ended. A task that is cancelled before it runs makes no coroutine of
    work."""
    with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        await work(*arguments)

"""What a device does besides writing: registration, heartbeats, configuration, commands and key rotation."""

import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc

from iotflow import clock
from iotflow.commands import CommandHandler, CommandReceiver
from iotflow.connection import Connection, Metadata
from iotflow.credential_form import checked_key
from iotflow.documents import from_struct, to_struct
from iotflow.resuming import Interrupted, resumed
from iotflow.v1.device_service_pb2 import (
    RegisterDeviceRequest,
    RotateApiKeyRequest,
    SendHeartbeatResponse,
    UpdateDeviceConfigRequest,
    WatchConfigRequest,
    WatchConfigResponse,
)
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub

log = logging.getLogger(__name__)


def ignore(*_: object) -> None:
    """The default of a callback."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A new device. api_key: shown only once."""

    device_id: int
    api_key: str


@dataclass(frozen=True, slots=True)
class DesiredConfig:
    """A version of the desired configuration."""

    version: int
    desired: dict[str, Any]


class Device:
    """The device whose key the connection has. All calls raise ServerError.

    clock: set by each heartbeat's answer, where the device has no clock of its own.
    """

    def __init__(self, connection: Connection, *, clock: clock.ServerClock | None = None) -> None:
        self._connection = connection
        self._clock = clock

    async def register(self, name: str, device_type: str = "", **properties: str) -> Registered:
        """Register a device, and use its key for all calls of the connection from now on.

        properties: description, location, firmware_version, hardware_version. A token of the connection is the one that
        registration needs where it is not open.
        """
        request = RegisterDeviceRequest(name=name, device_type=device_type, **properties)
        async with self._connection.call() as channel:
            answer = await DeviceServiceStub(channel).RegisterDevice(request, metadata=self._connection.metadata)
        self._connection.use_key(answer.device.api_key)
        return Registered(answer.device.id, answer.device.api_key)

    async def heartbeat(self, status: str = "online") -> SendHeartbeatResponse:
        """Send a sign of life; `offline` reports that the device goes offline."""
        return await clock.heartbeat(self._connection, status, self._clock)

    async def configurations(self, on_interrupted: Interrupted = ignore) -> AsyncGenerator[DesiredConfig]:
        """Each version of the desired configuration once: the present one at once, then new ones, without end.

        Versions in quick succession, and those during a break, may be skipped in favour of the newest one. One that JSON cannot
        express (NaN) is left out, and logged.
        """
        newest: int | None = None
        async with aclosing(resumed(self._connection, _watched, on_interrupted)) as events:
            async for event in events:
                config = event.config
                if config.desired_version and config.desired_version != newest:
                    newest = config.desired_version
                    try:
                        desired = from_struct(config.desired)
                    except ValueError as error:
                        log.warning("version %d of the configuration left out: %s", newest, error)
                        continue
                    yield DesiredConfig(newest, desired)

    async def report(self, configuration: Mapping[str, Any]) -> None:
        """Report the whole configuration that the device uses. Raises ValueError and TypeError where JSON cannot express it."""
        request = UpdateDeviceConfigRequest(configuration=to_struct(configuration))
        async with self._connection.call() as channel:
            await DeviceServiceStub(channel).UpdateDeviceConfig(request, metadata=self._connection.metadata)

    async def handle_commands(self, handler: CommandHandler, on_interrupted: Interrupted = ignore) -> None:
        """Hand each command to the handler once, and send its result. Runs until cancelled."""
        await CommandReceiver(self._connection, handler, on_interrupted).run()

    async def rotate(self, save: Callable[[str], Awaitable[None] | None]) -> str:
        """Get a new key, and use it once `save` has stored it. The old key ends some time after the new one's first use.

        Where the answer is lost or `save` fails, the old key stays valid: rotate again.
        """
        async with self._connection.call() as channel:
            answer = await DeviceServiceStub(channel).RotateApiKey(
                RotateApiKeyRequest(), metadata=self._connection.metadata
            )
        saving = save(checked_key(answer.api_key))
        if inspect.isawaitable(saving):
            await saving
        self._connection.use_key(answer.api_key)
        return answer.api_key


def _watched(
    channel: grpc.aio.Channel, metadata: Metadata
) -> "grpc.aio.UnaryStreamCall[WatchConfigRequest, WatchConfigResponse]":
    return DeviceServiceStub(channel).WatchConfig(WatchConfigRequest(), metadata=metadata)

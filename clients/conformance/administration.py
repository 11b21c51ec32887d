"""The runner's own calls: devices, commands, configurations, and what is stored."""

from typing import Any, TypeAlias

import grpc
import numpy as np
from google.protobuf import json_format, struct_pb2

from clients.conformance.ledger import Series
from iotflow.batches import decode_batch, encode_batch
from iotflow.channels import credentials, open_channel
from iotflow.v1 import command_service_pb2, config_service_pb2, device_service_pb2, fleet_service_pb2
from iotflow.v1.command_service_pb2_grpc import CommandServiceStub
from iotflow.v1.config_service_pb2_grpc import ConfigServiceStub
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from iotflow.v1.telemetry_service_pb2 import ReadTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

Metadata: TypeAlias = tuple[tuple[str, str], ...]
_CALL_SECONDS = 30.0


class Administration:
    """Calls with the admin's token, directly to the server."""

    def __init__(self, target: str, token: str) -> None:
        self._channel = open_channel(target)
        self._metadata: Metadata = credentials(token=token)
        self._limits: dict[str, Any] = {"timeout": _CALL_SECONDS, "wait_for_ready": True}

    async def end(self) -> None:
        """Close the connection."""
        await self._channel.close()

    async def register(self, name: str, device_type: str) -> tuple[int, str]:
        """A new device: its id and its key."""
        request = device_service_pb2.RegisterDeviceRequest(name=name, device_type=device_type)
        answer = await DeviceServiceStub(self._channel).RegisterDevice(request, **self._limits)
        return answer.device.id, answer.device.api_key

    async def reset_key(self, device_id: int, grace_seconds: int) -> str:
        """Replace the device's key; the new one."""
        request = fleet_service_pb2.ResetDeviceKeyRequest(device_id=device_id, grace_seconds=grace_seconds)
        answer = await FleetServiceStub(self._channel).ResetDeviceKey(request, metadata=self._metadata, **self._limits)
        return answer.api_key

    async def set_status(self, device_id: int, status: str) -> None:
        """Set the device's status, such as active and inactive."""
        request = fleet_service_pb2.SetDeviceStatusRequest(device_id=device_id, status=status)
        await FleetServiceStub(self._channel).SetDeviceStatus(request, metadata=self._metadata, **self._limits)

    async def is_key_valid(self, key: str) -> bool:
        """Whether a device may use the key."""
        try:
            await DeviceServiceStub(self._channel).GetDeviceStatus(
                device_service_pb2.GetDeviceStatusRequest(), metadata=credentials(key), **self._limits
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAUTHENTICATED:
                return False
            raise
        return True

    async def send_command(self, device_id: int, name: str, parameters: dict[str, Any]) -> int:
        """Queue a command; its id."""
        request = command_service_pb2.SendCommandRequest(device_id=device_id, name=name, parameters=_struct(parameters))
        answer = await CommandServiceStub(self._channel).SendCommand(request, metadata=self._metadata, **self._limits)
        return answer.command.id

    async def command(self, command_id: int) -> dict[str, Any]:
        """A command: its state and result."""
        request = command_service_pb2.GetCommandRequest(command_id=command_id)
        answer = await CommandServiceStub(self._channel).GetCommand(request, metadata=self._metadata, **self._limits)
        return {"state": answer.command.state, "result": json_format.MessageToDict(answer.command.result)}

    async def set_configuration(self, device_id: int, desired: dict[str, Any]) -> int:
        """Set the desired configuration; its version."""
        request = config_service_pb2.SetDesiredConfigRequest(device_id=device_id, configuration=_struct(desired))
        answer = await ConfigServiceStub(self._channel).SetDesiredConfig(
            request, metadata=self._metadata, **self._limits
        )
        return answer.desired_version

    async def reported_configuration(self, device_id: int) -> dict[str, Any]:
        """The configuration that the device last reported."""
        request = config_service_pb2.GetConfigTwinRequest(device_id=device_id)
        answer = await ConfigServiceStub(self._channel).GetConfigTwin(request, metadata=self._metadata, **self._limits)
        return json_format.MessageToDict(answer.reported)

    async def submit(self, key: str, start: int, step: int, values: list[float], measurement: str) -> None:
        """Store readings as the device, by a stream of its own."""
        batch = encode_batch(start + step * np.arange(len(values)), {measurement: values})
        batch.sequence = 1
        call = TelemetryServiceStub(self._channel).StreamTelemetry(
            iter([batch]), metadata=credentials(key), **self._limits
        )
        async for answer in call:
            if answer.rejected:
                raise ValueError(f"The server rejected the runner's readings: {answer.rejected[0].message}")

    async def stored(self, device_id: int) -> Series:
        """Everything that is stored of the device."""
        request = ReadTelemetryRequest(device_ids=[device_id])
        call = TelemetryServiceStub(self._channel).ReadTelemetry(request, metadata=self._metadata, **self._limits)
        parts: dict[str, list[tuple[Any, Any]]] = {}
        async for answer in call:
            times, columns = decode_batch(answer.batch)
            for name, column in columns.items():
                valid = ~np.ma.getmaskarray(column)
                parts.setdefault(name, []).append((times[valid], np.ma.getdata(column)[valid]))
        return {name: _joined(pieces) for name, pieces in parts.items()}

    async def stored_times(self, device_id: int) -> list[int]:
        """The distinct times at which the device has a stored value, sorted."""
        columns = (await self.stored(device_id)).values()
        return sorted({time for times, _ in columns for time in times.tolist()})

    async def stored_count(self, key: str) -> int:
        """Number of distinct times at which the device of the key has a stored value."""
        request = device_service_pb2.GetDeviceStatusRequest()
        answer = await DeviceServiceStub(self._channel).GetDeviceStatus(
            request, metadata=credentials(key), **self._limits
        )
        return answer.device.telemetry_count


def _joined(pieces: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    times, values = (np.concatenate(list(part)) for part in zip(*pieces, strict=True))
    order = np.argsort(times, kind="stable")
    return times[order], values[order]


def _struct(values: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct

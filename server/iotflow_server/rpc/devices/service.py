"""DeviceService: what a device says of itself and asks for."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody

from iotflow.status_words import OFFLINE, status_word
from iotflow.v1 import device_service_pb2, device_service_pb2_grpc
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.transactions import MOST_OPEN
from iotflow_server.config.desired import DesiredConfig, DesiredConfigs
from iotflow_server.config.twin import difference
from iotflow_server.devices.device import Device, NewDevice, utc_now
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import PermissionDenied
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.presence.last_seen import LastSeen, SessionReport
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec import wire_commands, wire_devices
from iotflow_server.rpc.codec.encoding import made
from iotflow_server.rpc.codec.page_tokens import fitting, place, size_of, token_of
from iotflow_server.rpc.codec.strict_json import fill, refuse_unknown
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.codec.wire_values import timestamp_ms, timestamp_of, to_struct
from iotflow_server.rpc.commands.device_stream import CommandStream
from iotflow_server.rpc.commands.results import decoded_answer, result_of
from iotflow_server.rpc.config import streams
from iotflow_server.rpc.devices.registration import RegistrationPolicy
from iotflow_server.rpc.devices.state_reports import StateReportHandler
from iotflow_server.rpc.http_status import answer_with
from iotflow_server.rpc.mqtt.advertised_broker import AdvertisedBroker
from iotflow_server.rpc.streams.sessions import Sessions
from iotflow_server.telemetry.ports import Span, TelemetryReader
from iotflow_server.telemetry.times import utc_now_ms

wire = device_service_pb2


class DeviceService(device_service_pb2_grpc.DeviceServiceServicer):
    """See device_service.proto for what each RPC promises."""

    def __init__(
        self,
        registry: Registry,
        keys: DeviceKeys,
        commands: Commands,
        desired: DesiredConfigs,
        presence: LastSeen,
        online: Online,
        encoder: DeviceEncoder,
        reader: TelemetryReader,
        sessions: Sessions,
        registration: RegistrationPolicy,
        broker: AdvertisedBroker,
        reporting: StateReportHandler,
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._commands = commands
        self._desired = desired
        self._presence = presence
        self._online = online
        self._encoder = encoder
        self._reader = reader
        self._sessions = sessions
        self._registration = registration
        self._broker = broker
        self._reporting = reporting

    async def RegisterDevice(
        self, request: wire.RegisterDeviceRequest, context: Context
    ) -> wire.RegisterDeviceResponse:
        self._registration.check(principal_of(context))
        device, key = await self._registry.register(
            NewDevice(
                name=request.name,
                device_type=request.device_type or "sensor",
                description=request.description,
                location=request.location,
                firmware_version=request.firmware_version,
                hardware_version=request.hardware_version,
            ),
            actor=principal_of(context).name,
        )
        await answer_with(context, 201)
        return wire.RegisterDeviceResponse(
            message="Device registered successfully", device=wire_devices.registered(device, key)
        )

    async def GetDeviceStatus(
        self, _request: wire.GetDeviceStatusRequest, context: Context
    ) -> wire.GetDeviceStatusResponse:
        principal = principal_of(context)
        device = await self._registry.get(principal.own_device().id)
        self._presence.seen(device.id)
        count = await self._reader.count(device.id, Span(), caller=principal.limit_key)
        return wire.GetDeviceStatusResponse(device=await self._encoder.status(device, count))

    async def SendHeartbeat(self, request: wire.SendHeartbeatRequest, context: Context) -> wire.SendHeartbeatResponse:
        device = principal_of(context).own_device()
        goes = status_word(request.status.string_value) == OFFLINE
        if goes:
            await self._online.say([SessionReport(device.id, online=False, at=utc_now())])
        else:
            self._presence.seen(device.id)
        return wire.SendHeartbeatResponse(
            message="Heartbeat received",
            device_id=device.id,
            timestamp=timestamp_ms(utc_now_ms()),
            status=OFFLINE if goes else "online",
        )

    async def GetDeviceConfig(
        self, _request: wire.GetDeviceConfigRequest, context: Context
    ) -> wire.GetDeviceConfigResponse:
        device = await self._registry.get(principal_of(context).own_device().id)
        self._presence.seen(device.id)
        desired = await self._desired.get(device.id)
        return await made(lambda: _config(device, desired), device.configuration, desired.document)

    async def UpdateDeviceConfig(
        self, request: wire.UpdateDeviceConfigRequest, context: Context
    ) -> wire.UpdateDeviceConfigResponse:
        return await self._reporting.report(principal_of(context).own_device().id, request)

    async def UpdateDeviceConfigJson(self, request: HttpBody, context: Context) -> wire.UpdateDeviceConfigResponse:
        return await self._reporting.report(principal_of(context).own_device().id, request)

    async def UnregisterDevice(
        self, _request: wire.UnregisterDeviceRequest, context: Context
    ) -> wire.UnregisterDeviceResponse:
        device = await self._keys.unregister(principal_of(context).own_key())
        self._sessions.cut_off(
            principal_of(context).name, PermissionDenied("DEVICE_REMOVED", "the device was unregistered")
        )
        return wire.UnregisterDeviceResponse(message=f"Device {device.name} unregistered", device_id=device.id)

    async def RotateApiKeyJson(self, request: HttpBody, context: Context) -> wire.RotateApiKeyResponse:
        return await self.RotateApiKey(fill(wire.RotateApiKeyRequest(), request), context)

    async def RotateApiKey(self, request: wire.RotateApiKeyRequest, context: Context) -> wire.RotateApiKeyResponse:
        refuse_unknown(request)
        key = principal_of(context).own_key()
        successor, old_until = await self._keys.rotate(key)
        return wire.RotateApiKeyResponse(
            message="Key rotated; the old one stays valid for a while after the new one is first used",
            device_id=key.id,
            api_key=successor,
            old_key_valid_until=timestamp_of(old_until),
        )

    async def EndKeyGrace(self, _request: wire.EndKeyGraceRequest, context: Context) -> wire.EndKeyGraceResponse:
        key = principal_of(context).own_key()
        await self._keys.end_grace(key)
        return wire.EndKeyGraceResponse(message="Only this key is valid now", device_id=key.id)

    async def GetMqttCredentials(
        self, _request: wire.GetMqttCredentialsRequest, context: Context
    ) -> wire.GetMqttCredentialsResponse:
        credentials = self._broker.credentials(principal_of(context).own_device().id)
        return wire.GetMqttCredentialsResponse(credentials=credentials)

    async def ListPendingCommands(
        self, request: wire.ListPendingCommandsRequest, context: Context
    ) -> wire.ListPendingCommandsResponse:
        device = principal_of(context).own_device()
        self._presence.seen(device.id)
        after = place(request.page_token)
        rest = [item for item in await self._commands.deliver(device.id) if item.id > after]
        found = [wire_commands.command(item) for item in rest[: size_of(request, MOST_OPEN)]]
        commands = found[: fitting(found)]
        more = token_of(commands[-1].id) if len(commands) < len(rest) else None
        return wire.ListPendingCommandsResponse(commands=commands, count=len(commands), next_page_token=more)

    async def AckCommand(self, request: wire.AckCommandRequest, context: Context) -> wire.AckCommandResponse:
        result = await decoded_answer(request, result_of)
        device = principal_of(context).own_device()
        self._presence.seen(device.id)
        acknowledged = await self._commands.acknowledge(
            device.id, request.command_id, request.state or "succeeded", result
        )
        return wire.AckCommandResponse(message="Acknowledged", command=wire_commands.command(acknowledged))

    async def StreamCommands(
        self, request_iterator: AsyncIterator[wire.StreamCommandsRequest], context: Context
    ) -> AsyncIterator[wire.StreamCommandsResponse]:
        device = principal_of(context).own_device()
        self._presence.seen(device.id)
        async with self._sessions.open(principal_of(context)) as session:
            stream = CommandStream(device.id, self._commands, self._presence, session)
            async with aclosing(stream.messages(request_iterator)) as messages:
                async for message in messages:
                    yield message

    async def WatchConfig(
        self, _request: wire.WatchConfigRequest, context: Context
    ) -> AsyncIterator[wire.WatchConfigResponse]:
        device = principal_of(context).own_device()
        self._presence.seen(device.id)
        async with self._sessions.open(principal_of(context)) as session:
            async for message in streams.device_config_stream(device.id, self._desired, session):
                yield message


def _config(device: Device, desired: DesiredConfig) -> wire.GetDeviceConfigResponse:
    missing = difference(desired.document, device.configuration)
    return wire.GetDeviceConfigResponse(
        device_id=device.id,
        configuration=to_struct(device.configuration),
        desired=to_struct(desired.document) if desired.version else None,
        desired_version=desired.version,
        difference=to_struct(missing) if missing else None,
    )

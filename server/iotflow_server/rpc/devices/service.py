"""DeviceService: requests of devices about themselves. Each RPC calls the handler of its capability."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import device_service_pb2, device_service_pb2_grpc
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.rest_responses import answer_with
from iotflow_server.rpc.commands.own_commands import OwnCommandHandler
from iotflow_server.rpc.config.own_config import OwnConfigHandler
from iotflow_server.rpc.devices.registration import DeviceRegistrationHandler, OwnKeyHandler
from iotflow_server.rpc.devices.status import StatusHandler
from iotflow_server.rpc.mqtt.broker import AdvertisedBroker

wire = device_service_pb2


class DeviceService(device_service_pb2_grpc.DeviceServiceServicer):
    """device_service.proto specifies each RPC."""

    def __init__(
        self,
        *,
        registration: DeviceRegistrationHandler,
        status: StatusHandler,
        config: OwnConfigHandler,
        keys: OwnKeyHandler,
        commands: OwnCommandHandler,
        broker: AdvertisedBroker,
    ) -> None:
        self._registration = registration
        self._status = status
        self._config = config
        self._keys = keys
        self._commands = commands
        self._broker = broker

    async def RegisterDevice(
        self, request: wire.RegisterDeviceRequest, context: Context
    ) -> wire.RegisterDeviceResponse:
        response = await self._registration.register(request, principal_of(context))
        await answer_with(context, 201)
        return response

    async def GetDeviceStatus(
        self, _request: wire.GetDeviceStatusRequest, context: Context
    ) -> wire.GetDeviceStatusResponse:
        return await self._status.status(principal_of(context))

    async def SendHeartbeat(self, request: wire.SendHeartbeatRequest, context: Context) -> wire.SendHeartbeatResponse:
        return await self._status.heartbeat(request, principal_of(context))

    async def GetDeviceConfig(
        self, _request: wire.GetDeviceConfigRequest, context: Context
    ) -> wire.GetDeviceConfigResponse:
        return await self._config.get(principal_of(context))

    async def UpdateDeviceConfig(
        self, request: wire.UpdateDeviceConfigRequest, context: Context
    ) -> wire.UpdateDeviceConfigResponse:
        return await self._config.report(request, principal_of(context))

    async def UpdateDeviceConfigJson(self, request: HttpBody, context: Context) -> wire.UpdateDeviceConfigResponse:
        return await self._config.report(request, principal_of(context))

    async def WatchConfig(
        self, _request: wire.WatchConfigRequest, context: Context
    ) -> AsyncIterator[wire.WatchConfigResponse]:
        async with aclosing(self._config.watch(principal_of(context))) as messages:
            async for message in messages:
                yield message

    async def UnregisterDevice(
        self, _request: wire.UnregisterDeviceRequest, context: Context
    ) -> wire.UnregisterDeviceResponse:
        return await self._keys.unregister(principal_of(context))

    async def RotateApiKeyJson(self, request: HttpBody, context: Context) -> wire.RotateApiKeyResponse:
        return await self._keys.rotate_in_json(request, principal_of(context))

    async def RotateApiKey(self, request: wire.RotateApiKeyRequest, context: Context) -> wire.RotateApiKeyResponse:
        return await self._keys.rotate(request, principal_of(context))

    async def EndKeyGrace(self, _request: wire.EndKeyGraceRequest, context: Context) -> wire.EndKeyGraceResponse:
        return await self._keys.end_grace(principal_of(context))

    async def GetMqttCredentials(
        self, _request: wire.GetMqttCredentialsRequest, context: Context
    ) -> wire.GetMqttCredentialsResponse:
        credentials = self._broker.credentials(principal_of(context).own_device().id)
        return wire.GetMqttCredentialsResponse(credentials=credentials)

    async def PollCommands(self, request: wire.PollCommandsRequest, context: Context) -> wire.PollCommandsResponse:
        return await self._commands.pending(request, principal_of(context))

    async def AckCommand(self, request: wire.AckCommandRequest, context: Context) -> wire.AckCommandResponse:
        return await self._commands.acknowledge(request, principal_of(context))

    async def StreamCommands(
        self, request_iterator: AsyncIterator[wire.StreamCommandsRequest], context: Context
    ) -> AsyncIterator[wire.StreamCommandsResponse]:
        async with aclosing(self._commands.stream(request_iterator, principal_of(context))) as messages:
            async for message in messages:
                yield message

"""GatewayService: requests of gateways on behalf of many devices."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from iotflow.v1 import gateway_service_pb2, gateway_service_pb2_grpc
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.rpc.gateway.commands import GatewayCommandHandler
from iotflow_server.rpc.gateway.configs import GatewayConfigHandler
from iotflow_server.rpc.gateway.mqtt_sessions import MqttSessionHandler
from iotflow_server.rpc.gateway.presence_reports import PresenceReportHandler

wire = gateway_service_pb2


class GatewayService(gateway_service_pb2_grpc.GatewayServiceServicer):
    """gateway_service.proto specifies each RPC."""

    def __init__(
        self,
        *,
        commands: GatewayCommandHandler,
        configs: GatewayConfigHandler,
        presence: PresenceReportHandler,
        sessions: MqttSessionHandler,
    ) -> None:
        self._commands = commands
        self._configs = configs
        self._presence = presence
        self._sessions = sessions

    async def StreamDeviceCommands(
        self, request_iterator: AsyncIterator[wire.StreamDeviceCommandsRequest], context: Context
    ) -> AsyncIterator[wire.StreamDeviceCommandsResponse]:
        async with aclosing(self._commands.stream(request_iterator, principal_of(context))) as messages:
            async for message in messages:
                yield message

    async def AckDeviceCommand(
        self, request: wire.AckDeviceCommandRequest, _context: Context
    ) -> wire.AckDeviceCommandResponse:
        return await self._commands.acknowledge(request)

    async def WatchDeviceConfigs(
        self, request: wire.WatchDeviceConfigsRequest, context: Context
    ) -> AsyncIterator[wire.WatchDeviceConfigsResponse]:
        async with aclosing(self._configs.watch(request, principal_of(context))) as messages:
            async for message in messages:
                yield message

    async def ReportDeviceConfig(
        self, request: wire.ReportDeviceConfigRequest, _context: Context
    ) -> wire.ReportDeviceConfigResponse:
        return await self._configs.report(request)

    async def ReportPresence(
        self, request: wire.ReportPresenceRequest, _context: Context
    ) -> wire.ReportPresenceResponse:
        return await self._presence.record(request)

    async def OpenMqttSessions(
        self, request: wire.OpenMqttSessionsRequest, _context: Context
    ) -> wire.OpenMqttSessionsResponse:
        return await self._sessions.open(request)

    async def UpdateMqttSessions(
        self, request: wire.UpdateMqttSessionsRequest, _context: Context
    ) -> wire.UpdateMqttSessionsResponse:
        return await self._sessions.update(request)

    async def WatchMqttConnections(
        self, request: wire.WatchMqttConnectionsRequest, context: Context
    ) -> AsyncIterator[wire.WatchMqttConnectionsResponse]:
        async with aclosing(self._sessions.watch(request, principal_of(context))) as messages:
            async for message in messages:
                yield message

    async def AllocateTimestamps(
        self, request: wire.AllocateTimestampsRequest, context: Context
    ) -> wire.AllocateTimestampsResponse:
        return await self._sessions.allocate(request, principal_of(context))

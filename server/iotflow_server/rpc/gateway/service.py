"""GatewayService: what a gateway says and asks for many devices."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

from iotflow.v1 import gateway_service_pb2, gateway_service_pb2_grpc
from iotflow.words import DeviceStatus
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.leases import CommandLeases
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import PermissionDenied
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec import wire_commands
from iotflow_server.rpc.config.streams import BEGINNING, FleetConfigStream
from iotflow_server.rpc.devices.state_reports import StateReportHandler
from iotflow_server.rpc.gateway.adapter_links import AdapterLinks
from iotflow_server.rpc.gateway.commands import GatewayAnswers, GatewayStream
from iotflow_server.rpc.gateway.presence_reports import PresenceReports
from iotflow_server.rpc.streams.sessions import Sessions
from iotflow_server.telemetry.times import parse_time, utc_now_ms

wire = gateway_service_pb2


class GatewayService(gateway_service_pb2_grpc.GatewayServiceServicer):
    """See gateway_service.proto for what each RPC promises."""

    def __init__(
        self,
        registry: Registry,
        commands: Commands,
        desired: DesiredConfigs,
        presence: LastSeen,
        offers: CommandLeases,
        reports: PresenceReports,
        reporting: StateReportHandler,
        sessions: Sessions,
        links: AdapterLinks,
    ) -> None:
        self._links = links
        self._registry = registry
        self._commands = commands
        self._desired = desired
        self._offers = offers
        self._reports = reports
        self._reporting = reporting
        self._sessions = sessions
        self._answers = GatewayAnswers(commands, presence)

    async def StreamDeviceCommands(
        self, request_iterator: AsyncIterator[wire.StreamDeviceCommandsRequest], context: Context
    ) -> AsyncIterator[wire.StreamDeviceCommandsResponse]:
        async with self._sessions.open(principal_of(context)) as session:
            stream = GatewayStream(self._commands, self._offers, self._answers, session)
            async with aclosing(stream.messages(request_iterator)) as messages:
                async for message in messages:
                    yield message

    async def AckDeviceCommand(
        self, request: wire.AckDeviceCommandRequest, _context: Context
    ) -> wire.AckDeviceCommandResponse:
        noted = await self._answers.one(request)
        return wire.AckDeviceCommandResponse(message="Acknowledged", command=wire_commands.command(noted))

    async def WatchDeviceConfigs(
        self, request: wire.WatchDeviceConfigsRequest, context: Context
    ) -> AsyncIterator[wire.WatchDeviceConfigsResponse]:
        since = BEGINNING
        if request.since:
            since = datetime.fromtimestamp(parse_time(request.since, utc_now_ms(), "since") / 1_000, UTC)
        async with self._sessions.open(principal_of(context)) as session:
            configs = FleetConfigStream(self._desired, self._registry, session)
            with self._links.retaining():
                async for message in configs.messages(since):
                    yield message

    async def ReportDeviceConfig(
        self, request: wire.ReportDeviceConfigRequest, _context: Context
    ) -> wire.ReportDeviceConfigResponse:
        device = await self._registry.get(request.device_id)
        if device.status == DeviceStatus.INACTIVE:
            raise PermissionDenied("DEVICE_INACTIVE", f"device {device.id} is inactive; an admin can set it active")
        return wire.ReportDeviceConfigResponse(config=await self._reporting.report(device.id, request.config))

    async def ReportPresence(
        self, request: wire.ReportPresenceRequest, _context: Context
    ) -> wire.ReportPresenceResponse:
        return await self._reports.note(request)

"""AdminService: the fleet as people and programs run it."""

from datetime import timedelta

from iotflow.v1 import admin_service_pb2, admin_service_pb2_grpc
from iotflow_server.access import caller
from iotflow_server.devices.audit import Audit
from iotflow_server.devices.commands import Commands
from iotflow_server.devices.desired import DesiredConfigs
from iotflow_server.devices.device import DeviceChanges, DeviceFilter
from iotflow_server.devices.presence import Presence
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.tokens import Tokens
from iotflow_server.errors import PermissionDenied, Unauthenticated
from iotflow_server.interceptors.behaviours import Context
from iotflow_server.rpc import wire_devices
from iotflow_server.rpc.fleet_figures import FleetFigures
from iotflow_server.rpc.http_status import answer_with
from iotflow_server.rpc.page_tokens import place, token_of
from iotflow_server.rpc.sessions import Sessions
from iotflow_server.rpc.wire_devices import DeviceEncoder
from iotflow_server.rpc.wire_values import plain_struct, to_struct
from iotflow_server.telemetry.store import Span, TelemetryStore

wire = admin_service_pb2
SUCCESS = "success"
DEFAULT_PAGE = 100


class AdminService(admin_service_pb2_grpc.AdminServiceServicer):
    """See admin_service.proto for what each RPC promises."""

    def __init__(
        self,
        registry: Registry,
        commands: Commands,
        desired: DesiredConfigs,
        tokens: Tokens,
        audit: Audit,
        presence: Presence,
        encoder: DeviceEncoder,
        store: TelemetryStore,
        sessions: Sessions,
        figures: FleetFigures,
    ) -> None:
        self._registry = registry
        self._commands = commands
        self._desired = desired
        self._tokens = tokens
        self._audit = audit
        self._presence = presence
        self._encoder = encoder
        self._store = store
        self._sessions = sessions
        self._figures = figures

    async def _note(self, action: str, target: str, **details: object) -> None:
        await self._audit.record(caller().name, action, target, details)

    async def ListDevices(self, request: wire.ListDevicesRequest, _context: Context) -> wire.ListDevicesResponse:
        since = self._encoder.online_since if request.HasField("online") else None
        wanted = DeviceFilter(
            status=request.status,
            device_type=request.device_type,
            name=request.name,
            seen_since=since if request.online else None,
            not_seen_since=None if request.online else since,
        )
        size = request.page_size if request.HasField("page_size") else DEFAULT_PAGE
        if since:
            # What was heard in the last moments is in memory only.
            await self._presence.flush()
        total, devices = await self._registry.page(wanted, place(request.page_token), size)
        return wire.ListDevicesResponse(
            status=SUCCESS,
            total_devices=total,
            devices=[self._encoder.device(device) for device in devices],
            next_page_token=token_of(devices[-1].id) if len(devices) == size else "",
        )

    async def GetDevice(self, request: wire.GetDeviceRequest, _context: Context) -> wire.GetDeviceResponse:
        device = await self._registry.get(request.device_id)
        desired = await self._desired.get(device.id)
        return wire.GetDeviceResponse(
            status=SUCCESS,
            device=self._encoder.device(device),
            desired=to_struct(desired.document) if desired.version else None,
            desired_version=desired.version,
            telemetry_count=await self._store.count(device.id, Span()),
        )

    async def UpdateDevice(self, request: wire.UpdateDeviceRequest, _context: Context) -> wire.UpdateDeviceResponse:
        given = {field.name: value for field, value in request.ListFields() if field.name != "device_id"}
        device = await self._registry.update(request.device_id, DeviceChanges(**given))
        await self._note("device.update", f"device:{device.id}", **given)
        return wire.UpdateDeviceResponse(
            status=SUCCESS, message=f"Device {device.name} updated", device=self._encoder.device(device)
        )

    async def DeleteDevice(self, request: wire.DeleteDeviceRequest, _context: Context) -> wire.DeleteDeviceResponse:
        device = await self._registry.delete(request.device_id)
        self._sessions.cut_off(f"device:{device.id}", PermissionDenied("DEVICE_REMOVED", "an admin removed the device"))
        if request.delete_telemetry:
            await self._store.delete(device.id, Span())
        await self._note(
            "device.delete", f"device:{device.id}", name=device.name, delete_telemetry=request.delete_telemetry
        )
        return wire.DeleteDeviceResponse(
            status=SUCCESS, message=f"Device {device.name} deleted successfully", device_id=device.id
        )

    async def SetDeviceStatus(
        self, request: wire.SetDeviceStatusRequest, _context: Context
    ) -> wire.SetDeviceStatusResponse:
        before = await self._registry.get(request.device_id)
        device = await self._registry.update(request.device_id, DeviceChanges(status=request.status))
        if device.status == "inactive":
            self._sessions.cut_off(
                f"device:{device.id}", PermissionDenied("DEVICE_INACTIVE", "an admin set the device inactive")
            )
        await self._note("device.status", f"device:{device.id}", old=before.status, new=device.status)
        return wire.SetDeviceStatusResponse(
            status=SUCCESS,
            message=f"Device status updated from {before.status} to {device.status}",
            device_id=device.id,
            old_status=before.status,
            new_status=device.status,
        )

    async def SendCommand(self, request: wire.SendCommandRequest, context: Context) -> wire.SendCommandResponse:
        await self._registry.get(request.device_id)
        lifetime = timedelta(seconds=request.time_to_live_seconds) if request.time_to_live_seconds else None
        parameters = plain_struct(request.parameters, "parameters")
        sent = await self._commands.send(request.device_id, request.name, parameters, lifetime, request.idempotency_key)
        await self._note("command.send", f"device:{request.device_id}", command=sent.id, name=sent.name)
        await answer_with(context, 201)
        return wire.SendCommandResponse(
            status=SUCCESS, message=f"Command {sent.name} {sent.state}", command=wire_devices.command(sent)
        )

    async def SetDesiredConfig(
        self, request: wire.SetDesiredConfigRequest, _context: Context
    ) -> wire.SetDesiredConfigResponse:
        await self._registry.get(request.device_id)
        document = plain_struct(request.configuration, "configuration")
        expected = request.expected_version if request.HasField("expected_version") else None
        desired = await self._desired.set(request.device_id, document, expected, caller().name)
        await self._note("config.set", f"device:{request.device_id}", version=desired.version)
        return wire.SetDesiredConfigResponse(
            status=SUCCESS,
            message=f"Desired configuration is at version {desired.version}",
            device_id=request.device_id,
            desired=to_struct(desired.document),
            desired_version=desired.version,
        )

    async def GetDashboard(self, _request: wire.GetDashboardRequest, _context: Context) -> wire.GetDashboardResponse:
        return await self._figures.dashboard()

    async def GetAnalytics(self, _request: wire.GetAnalyticsRequest, _context: Context) -> wire.GetAnalyticsResponse:
        return await self._figures.analytics()

    async def GetStats(self, _request: wire.GetStatsRequest, _context: Context) -> wire.GetStatsResponse:
        return await self._figures.stats()

    async def CreateToken(self, request: wire.CreateTokenRequest, context: Context) -> wire.CreateTokenResponse:
        lifetime = timedelta(seconds=request.time_to_live_seconds) if request.time_to_live_seconds else None
        token, secret = await self._tokens.create(request.name, request.role, lifetime)
        await self._note("token.create", f"token:{token.name}", role=token.role)
        await answer_with(context, 201)
        return wire.CreateTokenResponse(status=SUCCESS, token=wire_devices.access_token(token), secret=secret)

    async def ListTokens(self, _request: wire.ListTokensRequest, _context: Context) -> wire.ListTokensResponse:
        tokens = [wire_devices.access_token(token) for token in await self._tokens.list()]
        return wire.ListTokensResponse(status=SUCCESS, tokens=tokens)

    async def RevokeToken(self, request: wire.RevokeTokenRequest, _context: Context) -> wire.RevokeTokenResponse:
        token = await self._tokens.revoke(request.token_id)
        self._sessions.cut_off(f"token:{token.name}", Unauthenticated("WRONG_TOKEN", "an admin revoked the token"))
        await self._note("token.revoke", f"token:{token.name}")
        return wire.RevokeTokenResponse(status=SUCCESS, message=f"Token {token.name} revoked")

    async def ListAudit(self, request: wire.ListAuditRequest, _context: Context) -> wire.ListAuditResponse:
        size = request.page_size if request.HasField("page_size") else DEFAULT_PAGE
        entries = await self._audit.page(request.target, place(request.page_token) or None, size)
        return wire.ListAuditResponse(
            status=SUCCESS,
            entries=[wire_devices.audit_entry(entry) for entry in entries],
            next_page_token=token_of(entries[-1].id) if len(entries) == size else "",
        )

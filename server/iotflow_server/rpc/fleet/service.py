"""AdminService: the fleet as people and programs run it."""

from collections.abc import AsyncIterator
from datetime import timedelta

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import admin_service_pb2, admin_service_pb2_grpc
from iotflow_server.audit import Audit
from iotflow_server.auth.principal import caller
from iotflow_server.auth.tokens import Tokens
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.devices.device import Device, DeviceChanges, DeviceFilter
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import PermissionDenied, Unauthenticated
from iotflow_server.interceptors.middleware import Context
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec import wire_devices
from iotflow_server.rpc.codec.encoding import made
from iotflow_server.rpc.codec.page_tokens import fitting, place, size_of, token_of
from iotflow_server.rpc.codec.strict_json import fill, refuse_unknown
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.codec.wire_values import to_struct
from iotflow_server.rpc.commands.handler import CommandHandler
from iotflow_server.rpc.config.twins import TwinHandler
from iotflow_server.rpc.fleet.measurements import Measurements
from iotflow_server.rpc.fleet.statistics import FleetStatistics
from iotflow_server.rpc.http_status import answer_with
from iotflow_server.rpc.streams.sessions import Sessions
from iotflow_server.telemetry.ports import Span, TelemetryReader, TelemetryWriter

wire = admin_service_pb2
SUCCESS = "success"


class AdminService(admin_service_pb2_grpc.AdminServiceServicer):
    """See admin_service.proto for what each RPC promises."""

    def __init__(
        self,
        registry: Registry,
        keys: DeviceKeys,
        commanding: CommandHandler,
        twins: TwinHandler,
        desired: DesiredConfigs,
        tokens: Tokens,
        audit: Audit,
        presence: LastSeen,
        online: Online,
        encoder: DeviceEncoder,
        writer: TelemetryWriter,
        reader: TelemetryReader,
        sessions: Sessions,
        figures: FleetStatistics,
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._commanding = commanding
        self._twins = twins
        self._desired = desired
        self._tokens = tokens
        self._audit = audit
        self._presence = presence
        self._online = online
        self._encoder = encoder
        self._writer = writer
        self._reader = reader
        self._measurements = Measurements(writer, reader, registry, audit)
        self._sessions = sessions
        self._figures = figures

    async def _note(self, action: str, target: str, **details: object) -> None:
        await self._audit.record(caller().name, action, target, details)

    async def ListDevices(self, request: wire.ListDevicesRequest, _context: Context) -> wire.ListDevicesResponse:
        since = self._online.since if request.HasField("online") else None
        wanted = DeviceFilter(
            status=request.status,
            device_type=request.device_type,
            name=request.name,
            online_since=since if request.online else None,
            offline_since=None if request.online else since,
        )
        size = size_of(request)
        if since:
            # What was heard in the last moments is in memory only.
            await self._presence.flush()
        total, devices = await self._registry.page(wanted, place(request.page_token), size)
        # Configurations may be long: no more of them than an answer should have.
        shown = await self._encoder.devices(devices)
        shown = shown[: fitting(shown)]
        is_last = len(shown) == len(devices) < size
        return wire.ListDevicesResponse(
            status=SUCCESS,
            total_devices=total,
            devices=shown,
            next_page_token="" if is_last or not shown else token_of(shown[-1].id),
        )

    async def GetDevice(self, request: wire.GetDeviceRequest, _context: Context) -> wire.GetDeviceResponse:
        device = await self._registry.get(request.device_id)
        desired = await self._desired.get(device.id)
        return wire.GetDeviceResponse(
            status=SUCCESS,
            device=await self._encoder.device(device),
            desired=await made(lambda: to_struct(desired.document), desired.document) if desired.version else None,
            desired_version=desired.version,
            telemetry_count=await self._reader.count(device.id, Span()),
        )

    async def UpdateDevice(self, request: wire.UpdateDeviceRequest, _context: Context) -> wire.UpdateDeviceResponse:
        given = {field.name: value for field, value in request.ListFields() if field.name != "device_id"}
        device = await self._registry.update(request.device_id, DeviceChanges(**given))
        self._cut_off_inactive(device)
        await self._note("device.update", f"device:{device.id}", **given)
        return wire.UpdateDeviceResponse(
            status=SUCCESS, message=f"Device {device.name} updated", device=await self._encoder.device(device)
        )

    async def DeleteDevice(self, request: wire.DeleteDeviceRequest, _context: Context) -> wire.DeleteDeviceResponse:
        device = await self._registry.delete(request.device_id)
        self._sessions.cut_off(f"device:{device.id}", PermissionDenied("DEVICE_REMOVED", "an admin removed the device"))
        if request.delete_telemetry:
            await self._writer.delete(device.id, Span())
        await self._note(
            "device.delete", f"device:{device.id}", name=device.name, delete_telemetry=request.delete_telemetry
        )
        return wire.DeleteDeviceResponse(
            status=SUCCESS, message=f"Device {device.name} deleted successfully", device_id=device.id
        )

    async def ListMeasurements(
        self, request: wire.ListMeasurementsRequest, _context: Context
    ) -> wire.ListMeasurementsResponse:
        return await self._measurements.list(request)

    async def DropMeasurement(
        self, request: wire.DropMeasurementRequest, _context: Context
    ) -> wire.DropMeasurementResponse:
        return await self._measurements.drop(request)

    async def RetypeMeasurement(
        self, request: wire.RetypeMeasurementRequest, _context: Context
    ) -> wire.RetypeMeasurementResponse:
        return await self._measurements.retype(request)

    async def SetDeviceStatus(
        self, request: wire.SetDeviceStatusRequest, _context: Context
    ) -> wire.SetDeviceStatusResponse:
        before = await self._registry.get(request.device_id)
        device = await self._registry.update(request.device_id, DeviceChanges(status=request.status))
        self._cut_off_inactive(device)
        await self._note("device.status", f"device:{device.id}", old=before.status, new=device.status)
        return wire.SetDeviceStatusResponse(
            status=SUCCESS,
            message=f"Device status updated from {before.status} to {device.status}",
            device_id=device.id,
            old_status=before.status,
            new_status=device.status,
        )

    async def ResetDeviceKeyJson(
        self, request: wire.ResetDeviceKeyJsonRequest, context: Context
    ) -> wire.ResetDeviceKeyResponse:
        asked = fill(wire.ResetDeviceKeyRequest(device_id=request.device_id), request.body)
        return await self.ResetDeviceKey(asked, context)

    async def ResetDeviceKey(
        self, request: wire.ResetDeviceKeyRequest, _context: Context
    ) -> wire.ResetDeviceKeyResponse:
        refuse_unknown(request)
        key = await self._keys.reset(request.device_id, timedelta(seconds=request.grace_seconds))
        await self._note("device.reset_key", f"device:{request.device_id}", grace_seconds=request.grace_seconds)
        return wire.ResetDeviceKeyResponse(
            status=SUCCESS, message="Key reset; give it to the device", device_id=request.device_id, api_key=key
        )

    def _cut_off_inactive(self, device: Device) -> None:
        if device.status == "inactive":
            refusal = PermissionDenied("DEVICE_INACTIVE", "an admin set the device inactive")
            self._sessions.cut_off(f"device:{device.id}", refusal)

    async def SendCommand(self, request: wire.SendCommandRequest, context: Context) -> wire.SendCommandResponse:
        response = await self._commanding.send(request)
        await answer_with(context, 201)
        return response

    async def SendGroupCommand(
        self, request: wire.SendGroupCommandRequest, context: Context
    ) -> wire.SendGroupCommandResponse:
        response = await self._commanding.send_to_group(request)
        await answer_with(context, 201)
        return response

    async def GetCommand(self, request: wire.GetCommandRequest, _context: Context) -> wire.GetCommandResponse:
        return await self._commanding.get(request)

    async def ListFleetCommands(
        self, request: wire.ListFleetCommandsRequest, _context: Context
    ) -> wire.ListFleetCommandsResponse:
        if request.device_id:
            await self._registry.get(request.device_id)
        return await self._commanding.list(request)

    async def WatchFleetCommands(
        self, request: wire.WatchFleetCommandsRequest, _context: Context
    ) -> AsyncIterator[wire.WatchFleetCommandsResponse]:
        async with self._sessions.open(caller()) as session:
            async for event in self._commanding.watch(request, session):
                yield event

    async def CancelCommand(self, request: wire.CancelCommandRequest, _context: Context) -> wire.CancelCommandResponse:
        return await self._commanding.cancel(request)

    async def GetConfigTwin(self, request: wire.GetConfigTwinRequest, _context: Context) -> wire.GetConfigTwinResponse:
        return await self._twins.twin(request)

    async def SetDesiredConfig(
        self, request: wire.SetDesiredConfigRequest, _context: Context
    ) -> wire.SetDesiredConfigResponse:
        return await self._twins.set(request)

    async def PatchDesiredConfig(
        self, request: wire.PatchDesiredConfigRequest, _context: Context
    ) -> wire.PatchDesiredConfigResponse:
        return await self._twins.patch(request)

    async def ListConfigVersions(
        self, request: wire.ListConfigVersionsRequest, _context: Context
    ) -> wire.ListConfigVersionsResponse:
        return await self._twins.versions(request)

    async def GetDashboard(self, _request: wire.GetDashboardRequest, _context: Context) -> wire.GetDashboardResponse:
        return await self._figures.dashboard()

    async def GetAnalytics(self, _request: wire.GetAnalyticsRequest, _context: Context) -> wire.GetAnalyticsResponse:
        return await self._figures.analytics()

    async def GetStats(self, _request: wire.GetStatsRequest, _context: Context) -> wire.GetStatsResponse:
        return await self._figures.stats()

    async def CreateTokenJson(self, request: HttpBody, context: Context) -> wire.CreateTokenResponse:
        return await self.CreateToken(fill(wire.CreateTokenRequest(), request), context)

    async def CreateToken(self, request: wire.CreateTokenRequest, context: Context) -> wire.CreateTokenResponse:
        refuse_unknown(request)
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
        size = size_of(request)
        entries = await self._audit.page(request.target, place(request.page_token) or None, size)
        return wire.ListAuditResponse(
            status=SUCCESS,
            entries=[wire_devices.audit_entry(entry) for entry in entries],
            next_page_token=token_of(entries[-1].id) if len(entries) == size else "",
        )

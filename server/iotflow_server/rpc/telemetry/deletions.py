"""DeleteTelemetry."""

from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow_server.audit import Audit
from iotflow_server.auth.principal import Principal
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.telemetry.query import QueryHandler, parse_span
from iotflow_server.telemetry.ports import TelemetryWriter
from iotflow_server.telemetry.times import utc_now_ms


class DeletionHandler:
    """Handles DeleteTelemetry. Each deletion is recorded in the audit log before it is executed."""

    def __init__(self, *, writer: TelemetryWriter, queries: QueryHandler, audit: Audit) -> None:
        self._writer = writer
        self._queries = queries
        self._audit = audit

    async def delete(self, request: wire.DeleteTelemetryRequest, principal: Principal) -> wire.DeleteTelemetryResponse:
        """DeleteTelemetry."""
        device = await self._queries.readable(request.device_id, principal)
        within = parse_span(request.start_time, request.end_time, utc_now_ms())
        details = {"start": within.start, "end": within.end}
        await self._audit.record(principal.name, "telemetry.delete", f"device:{device.id}", details)
        await self._writer.delete(device.id, within)
        return wire.DeleteTelemetryResponse(
            message=f"Telemetry data deleted for device {device.name}",
            device_id=device.id,
            start_time=timestamp_ms(within.start),
            end_time=timestamp_ms(within.end),
        )

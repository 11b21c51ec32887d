"""ListMeasurements, DropMeasurement and RetypeMeasurement."""

from iotflow.v1 import fleet_pb2
from iotflow.v1 import fleet_service_pb2 as wire
from iotflow_server.audit import Audit
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import NotFound
from iotflow_server.rpc.codec.page_tokens import after_name, first_page, size_of, token_of_name
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import TelemetryReader, TelemetryWriter

# The largest number of measurements in one response.
MOST_MEASUREMENTS = 10_000


class MeasurementHandler:
    """Reads and changes measurements. Each change is in the audit log before the store applies it."""

    def __init__(self, *, writer: TelemetryWriter, reader: TelemetryReader, registry: Registry, audit: Audit) -> None:
        self._writer = writer
        self._reader = reader
        self._registry = registry
        self._audit = audit

    async def list(self, request: wire.ListMeasurementsRequest, principal: Principal) -> wire.ListMeasurementsResponse:
        """ListMeasurements."""
        device = await self._registry.get(request.device_id)
        after, size = after_name(request.page_token), size_of(request, MOST_MEASUREMENTS)
        types = await self._reader.measurements(device.id, caller=principal.limit_key)
        names = sorted(name for name in types if name > after)
        found = [fleet_pb2.Measurement(name=name, type=types[name]) for name in names[: size + 1]]
        page, more = first_page(found, size, lambda last: token_of_name(last.name))
        return wire.ListMeasurementsResponse(measurements=page, next_page_token=more or None)

    async def drop(self, request: wire.DropMeasurementRequest, principal: Principal) -> wire.DropMeasurementResponse:
        """DropMeasurement."""
        current = await self._type(request.device_id, request.measurement, principal)
        await self._record(
            principal, "drop_measurement", request.device_id, measurement=request.measurement, type=str(current)
        )
        await self._writer.drop(request.device_id, request.measurement)
        return wire.DropMeasurementResponse(message=f"Measurement {request.measurement} dropped")

    async def retype(
        self, request: wire.RetypeMeasurementRequest, principal: Principal
    ) -> wire.RetypeMeasurementResponse:
        """RetypeMeasurement."""
        current, wanted = await self._type(request.device_id, request.measurement, principal), ValueType(request.type)
        if current is not wanted:
            change = {"measurement": request.measurement, "before": str(current), "after": str(wanted)}
            await self._record(principal, "retype_measurement", request.device_id, **change)
            await self._writer.retype(request.device_id, request.measurement, wanted)
        return wire.RetypeMeasurementResponse(
            message=f"Measurement {request.measurement} has the type {wanted}",
            measurement=fleet_pb2.Measurement(name=request.measurement, type=wanted),
        )

    async def _type(self, device_id: int, measurement: str, principal: Principal) -> ValueType:
        device = await self._registry.get(device_id)
        value_type = (await self._reader.measurements(device.id, caller=principal.limit_key)).get(measurement)
        if value_type is None:
            problem = f"Device {device.id} has no measurement {measurement[:100]!r}."
            raise NotFound("MEASUREMENT_NOT_FOUND", problem, field="measurement")
        return value_type

    async def _record(self, principal: Principal, action: str, device_id: int, **details: str) -> None:
        await self._audit.record(principal.name, f"telemetry.{action}", f"device:{device_id}", details)

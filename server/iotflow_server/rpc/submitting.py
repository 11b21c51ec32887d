"""SubmitTelemetry and SubmitReadings: readings as JSON has them."""

import asyncio
from collections.abc import Sequence

import numpy as np

from iotflow.v1 import telemetry_service_pb2
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.wire_batches import rejection
from iotflow_server.rpc.wire_rows import RowDecoder
from iotflow_server.rpc.wire_values import timestamp_ms
from iotflow_server.telemetry.accepted import accepted, rows_with_values
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.intake import Intake
from iotflow_server.telemetry.outcome import Outcome
from iotflow_server.telemetry.times import parse_time, utc_now_ms

# Readings that are taken apart in a few milliseconds.
AT_ONCE = 200


class Submitting:
    """The unary ways in."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def one(
        self, request: telemetry_service_pb2.SubmitTelemetryRequest
    ) -> telemetry_service_pb2.SubmitTelemetryResponse:
        """Store one reading whole, or refuse it whole."""
        device = await self._intake.writer(request.device_id)
        time = (
            parse_time(request.timestamp, utc_now_ms(), "timestamp")
            if request.timestamp
            else (await self._intake.arrival.stamp(device.id, 1))[0]
        )
        rows = RowDecoder(self._intake.limits)
        rows.add(0, request.data, request.metadata)
        self._refuse(rows.rejections, one=True)
        batch = Batch(device.id, np.array([time], np.int64), rows.columns(1), atomic=True)
        outcome = await self._intake.submit(device, batch)
        self._refuse(outcome.rejections, one=True)
        return telemetry_service_pb2.SubmitTelemetryResponse(
            message="Telemetry data received successfully",
            device_id=device.id,
            device_name=device.name,
            timestamp=timestamp_ms(time),
            stored_in_iotdb=True,
            buffered=outcome.buffered,
        )

    async def many(
        self, request: telemetry_service_pb2.SubmitReadingsRequest
    ) -> telemetry_service_pb2.SubmitReadingsResponse:
        """Store what can be stored and name the rest; all or nothing where the request says atomic."""
        device = await self._intake.writer(request.device_id)
        batch, rejections = await self._decoded(device.id, request)
        if request.atomic:
            self._refuse(rejections, one=False)
        outcome, stored = Outcome(), 0
        if batch.columns:
            outcome = await self._intake.submit(device, batch)
            stored = rows_with_values(accepted(batch, outcome.rejections))
            rejections.extend(outcome.rejections)
        if not stored:
            self._refuse(rejections, one=False)
        rejections.sort(key=lambda item: item.index)
        return telemetry_service_pb2.SubmitReadingsResponse(
            accepted=stored,
            rejected=[rejection(item) for item in each_row(rejections)],
            buffered=outcome.buffered,
        )

    async def _decoded(
        self, device_id: int, request: telemetry_service_pb2.SubmitReadingsRequest
    ) -> tuple[Batch, list[Rejection]]:
        timeless = sum(not reading.timestamp for reading in request.readings)
        arrived = await self._intake.arrival.stamp(device_id, timeless) if timeless else range(0)
        # Many objects are taken apart beside the event loop, which goes on serving others.
        if len(request.readings) < AT_ONCE:
            return self._decode(device_id, request, arrived)
        return await asyncio.to_thread(self._decode, device_id, request, arrived)

    def _decode(
        self, device_id: int, request: telemetry_service_pb2.SubmitReadingsRequest, arrived: range
    ) -> tuple[Batch, list[Rejection]]:
        rows = RowDecoder(self._intake.limits)
        times = np.zeros(len(request.readings), np.int64)
        now, arrivals = utc_now_ms(), iter(arrived)
        for row, reading in enumerate(request.readings):
            try:
                times[row] = parse_time(reading.timestamp, now, "timestamp") if reading.timestamp else next(arrivals)
            except InvalidArgument as refusal:
                rows.rejections.append(Rejection(row, 1, "", "INVALID_TIME", refusal.violations[0][1]))
            else:
                rows.add(row, reading.data, reading.metadata)
        return Batch(device_id, times, rows.columns(len(times)), request.atomic), rows.rejections

    def _refuse(self, rejections: Sequence[Rejection], *, one: bool) -> None:
        """Raise InvalidArgument naming every field at fault, if there is any."""
        if not rejections:
            return
        (field, message), *others = [(_field(item, one=one), item.message) for item in each_row(rejections)]
        raise InvalidArgument(field, message, rejections[0].reason, others=others)


def _field(item: Rejection, *, one: bool) -> str:
    place = "data" if one else f"readings[{item.index}].data"
    if not item.measurement:
        return place if item.reason != "INVALID_TIME" else place.replace("data", "timestamp")
    return f"{place}.{item.measurement}"


def each_row(rejections: Sequence[Rejection]) -> list[Rejection]:
    """Runs taken apart: REST names every reading."""
    return [
        Rejection(row, 1, item.measurement, item.reason, item.message, item.retryable)
        for item in rejections
        for row in range(item.index, item.index + item.count)
    ]

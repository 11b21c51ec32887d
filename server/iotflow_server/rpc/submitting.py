"""SubmitTelemetry and SubmitReadings: readings as JSON has them."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from iotflow.v1 import telemetry_service_pb2
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.wire_batches import rejection
from iotflow_server.rpc.wire_rows import RowDecoder
from iotflow_server.rpc.wire_values import timestamp_ms
from iotflow_server.telemetry.accepted import accepted, rows_with_values
from iotflow_server.telemetry.batch import Batch, Rejection, Times
from iotflow_server.telemetry.checks import Limits
from iotflow_server.telemetry.future_times import TOO_FAR_AHEAD
from iotflow_server.telemetry.intake import Intake
from iotflow_server.telemetry.outcome import Outcome
from iotflow_server.telemetry.sparse import Cells, batches
from iotflow_server.telemetry.times import parse_time, utc_now_ms

# Readings that are taken apart in a few milliseconds.
AT_ONCE = 200
# Of what refusals an answer names, so that every client takes it; and of what a status names, which has room for few.
ANSWER_BYTES, MOST_VIOLATIONS = 2 * 2**20, 1_000

# Reasons that speak of a reading's time.
OF_TIMES = ("INVALID_TIME", TOO_FAR_AHEAD)

# Each with its first row.
Parts = list[tuple[int, Batch]]


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
        times = np.array([time], np.int64)
        ((_, batch),) = batches(device.id, times, rows.cells, self._intake.limits.values, atomic=True)
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
        parts, rejections = await self._decoded(device.id, request)
        if request.atomic:
            self._refuse(rejections, one=False)
        results = await self._intake.put([(device, batch) for _, batch in parts]) if parts else []
        outcomes = [await result for result in results]
        if sum(len(outcome.rejections) for outcome in outcomes) + len(rejections) < AT_ONCE:
            return self._answer(parts, outcomes, rejections)
        return await asyncio.to_thread(self._answer, parts, outcomes, rejections)

    def _answer(
        self,
        parts: Parts,
        outcomes: Sequence[Outcome],
        rejections: list[Rejection],
    ) -> telemetry_service_pb2.SubmitReadingsResponse:
        stored = 0
        for (first, batch), outcome in zip(parts, outcomes, strict=True):
            stored += rows_with_values(accepted(batch, outcome.rejections))
            rejections.extend(replace(item, index=first + item.index) for item in outcome.rejections)
        if not stored:
            self._refuse(rejections, one=False)
        rejections.sort(key=lambda item: item.index)
        return _answer(stored, rejections, buffered=any(outcome.buffered for outcome in outcomes))

    async def _decoded(
        self, device_id: int, request: telemetry_service_pb2.SubmitReadingsRequest
    ) -> tuple[Parts, list[Rejection]]:
        timeless = sum(not reading.timestamp for reading in request.readings)
        arrived = await self._intake.arrival.stamp(device_id, timeless) if timeless else range(0)
        # Many objects are taken apart beside the event loop, which goes on serving others.
        if len(request.readings) < AT_ONCE:
            return self._decode(device_id, request, arrived)
        return await asyncio.to_thread(self._decode, device_id, request, arrived)

    def _decode(
        self, device_id: int, request: telemetry_service_pb2.SubmitReadingsRequest, arrived: range
    ) -> tuple[Parts, list[Rejection]]:
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
        if request.atomic:
            _check_width(times, rows.cells, self._intake.limits)
        parts = batches(device_id, times, rows.cells, self._intake.limits.values, atomic=request.atomic)
        return list(parts), rows.rejections

    def _refuse(self, rejections: Sequence[Rejection], *, one: bool) -> None:
        """Raise InvalidArgument naming every field at fault, if there is any."""
        if not rejections:
            return
        named = islice(each_row(rejections), MOST_VIOLATIONS)
        (field, message), *others = [(_field(item, one=one), item.message) for item in named]
        raise InvalidArgument(field, message, rejections[0].reason, others=others)


def _check_width(times: Times, cells: Cells, limits: Limits) -> None:
    """Raise InvalidArgument where one batch, which cannot be divided, would take far more room than what was sent."""
    if len(times) * len(cells) > limits.values:
        problem = (
            f"{len(times)} readings times {len(cells)} measurements are more than {limits.values} values,"
            " the most that is stored all or nothing; send fewer together, or not atomic"
        )
        raise InvalidArgument("readings", problem, "TOO_MANY_VALUES")


def _answer(
    stored: int, rejections: Sequence[Rejection], *, buffered: bool
) -> telemetry_service_pb2.SubmitReadingsResponse:
    response = telemetry_service_pb2.SubmitReadingsResponse(accepted=stored, buffered=buffered)
    room = ANSWER_BYTES
    for item in each_row(rejections):
        wire = rejection(item)
        room -= wire.ByteSize()
        if room < 0:
            response.more_rejected = sum(one.count for one in rejections) - len(response.rejected)
            break
        response.rejected.append(wire)
    return response


def _field(item: Rejection, *, one: bool) -> str:
    place = "data" if one else f"readings[{item.index}].data"
    if not item.measurement:
        return place.replace("data", "timestamp") if item.reason in OF_TIMES else place
    return f"{place}.{item.measurement}"


def each_row(rejections: Iterable[Rejection]) -> Iterator[Rejection]:
    """Runs taken apart: REST names every reading."""
    return (
        replace(item, index=row, count=1) for item in rejections for row in range(item.index, item.index + item.count)
    )

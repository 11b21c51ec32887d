"""SubmitTelemetry and SubmitReadings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
from google.api.httpbody_pb2 import HttpBody

from iotflow.v1.telemetry_service_pb2 import (
    SubmitReadingsRequest,
    SubmitReadingsResponse,
    SubmitTelemetryRequest,
    SubmitTelemetryResponse,
)
from iotflow_server.auth.principal import Principal
from iotflow_server.compute_thread import run_by_size, run_in_compute_thread
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.batch_encoding import rejection
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.telemetry import submissions
from iotflow_server.rpc.telemetry.submissions import Submission
from iotflow_server.telemetry.batch import Batch, Rejection, Times
from iotflow_server.telemetry.checks import TOO_FAR_AHEAD, Limits
from iotflow_server.telemetry.device_ingest import DeviceIngest
from iotflow_server.telemetry.multi_device_batch import moved
from iotflow_server.telemetry.outcome import Outcome, accepted, merged, stored_times
from iotflow_server.telemetry.reading_cells import Cells, batches, cells_of

# Submissions with fewer values and rejections, and fewer readings, are processed on the event loop. This takes a few milliseconds.
# Larger ones are processed in the compute thread.
EVENT_LOOP_VALUES, EVENT_LOOP_READINGS = 2_000, 200
# Rejections in a response, in bytes, so that every client accepts the response.
REJECTION_BYTES = 2 * 2**20
# Violations in an error status, which has less room.
MOST_VIOLATIONS = 1_000

# Reasons of rejections that concern the time of a reading.
TIME_REASONS = ("INVALID_TIME", TOO_FAR_AHEAD)

# Batches, each with the index of its first row.
Parts = list[tuple[int, Batch]]
# The submission, the cells to store, the rejections, and the number of further rejections.
DecodedSubmission = tuple[Submission, Cells, list[Rejection], int]


class SubmitHandler:
    """Handles typed requests and JSON bodies, which are equivalent."""

    def __init__(self, device_ingest: DeviceIngest) -> None:
        self._device_ingest = device_ingest

    async def one(self, request: SubmitTelemetryRequest | HttpBody, principal: Principal) -> SubmitTelemetryResponse:
        """Store one reading. If any of its values is invalid, nothing is stored."""
        most = self._device_ingest.limits.columns
        if isinstance(request, HttpBody):
            parse = partial(submissions.one_in_json, request.data, most)
            return await self._one(principal, await self._decode(parse, len(request.data)))
        return await self._one(
            principal, await self._decode(partial(submissions.one_in_message, request, most), request.ByteSize())
        )

    async def many(self, request: SubmitReadingsRequest | HttpBody, principal: Principal) -> SubmitReadingsResponse:
        """Store the valid values, and report the rejected ones. For an atomic request, store all values or none."""
        most = self._device_ingest.limits.columns
        if isinstance(request, HttpBody):
            parse = partial(submissions.many_in_json, request.data, most)
            return await self._many(principal, await self._decode(parse, len(request.data)))
        return await self._many(
            principal, await self._decode(partial(submissions.many_in_message, request, most), request.ByteSize())
        )

    async def _decode(self, parse: Callable[[], Submission], size: int) -> DecodedSubmission:
        def decode() -> DecodedSubmission:
            submission = parse()
            return submission, *cells_of(submission.decoded, self._device_ingest.limits)

        return await run_by_size(size, decode)

    async def _one(self, principal: Principal, decoded: DecodedSubmission) -> SubmitTelemetryResponse:
        submission, cells, rejections, _ = decoded
        device = await self._device_ingest.writer(principal, submission.device_id)
        _reject(rejections, one=True)
        times = await self._times(device.id, submission, principal.limit_key)
        ((_, batch),) = batches(device.id, times, cells, self._device_ingest.limits.values, atomic=True)
        outcome = await self._device_ingest.submit(device, batch)
        _reject(outcome.rejections, one=True)
        return SubmitTelemetryResponse(
            message="Telemetry data received successfully",
            device_id=device.id,
            device_name=device.name,
            timestamp=timestamp_ms(int(times[0])),
            buffered=outcome.buffered,
        )

    async def _many(self, principal: Principal, decoded: DecodedSubmission) -> SubmitReadingsResponse:
        submission, cells, rejections, further_rejections = decoded
        device = await self._device_ingest.writer(principal, submission.device_id)
        limits = self._device_ingest.limits
        if submission.atomic:
            _reject(rejections, one=False)
            _check_width(submission.rows, cells, limits)
        times = await self._times(device.id, submission, principal.limit_key)
        values = len(rejections) + sum(len(rows) for rows, _ in cells.values())
        is_small = submission.rows < EVENT_LOOP_READINGS and values < EVENT_LOOP_VALUES
        divide = partial(_divide, device.id, times, cells, limits.values, atomic=submission.atomic)
        parts = divide() if is_small else await run_in_compute_thread(divide)
        results = await self._device_ingest.put([(device, batch) for _, batch in parts]) if parts else []
        outcomes = [await result for result in results]
        respond = partial(_response, parts, outcomes, rejections, further_rejections)
        return respond() if is_small else await run_in_compute_thread(respond)

    async def _times(self, device_id: int, submission: Submission, caller: str) -> Times:
        """The time of each row. The time of a rejected row has no meaning."""
        readings = submission.decoded.readings
        untimed = sum(reading.time is None for reading in readings)
        allocate = self._device_ingest.timestamps.allocate
        allocated = iter(await allocate(device_id, untimed, caller=caller) if untimed else ())
        times = np.zeros(submission.rows, np.int64)
        for reading in readings:
            times[reading.index] = next(allocated) if reading.time is None else reading.time
        return times


def _reject(rejections: Sequence[Rejection], *, one: bool) -> None:
    """Raise InvalidArgument with a violation for each rejection, if there are any."""
    if not rejections:
        return
    named = islice(each_row(rejections), MOST_VIOLATIONS)
    (field, message), *others = [(_field(item, one=one), item.message) for item in named]
    reason = rejections[0].reason
    # An invalid time or payload of a single reading makes the whole request invalid.
    is_of_request = one and reason in ("INVALID_TIME", "INVALID_PAYLOAD")
    raise InvalidArgument(field, message, "INVALID_ARGUMENT" if is_of_request else reason, others=others)


def _check_width(rows: int, cells: Cells, limits: Limits) -> None:
    """Raise InvalidArgument if the atomic batch has too many cells. An atomic batch cannot be divided."""
    if rows * len(cells) > limits.values:
        problem = (
            f"An atomic submission can have at most {limits.values} values (readings times measurements); this one has"
            f" {rows} times {len(cells)}. Send fewer readings, or leave out atomic."
        )
        raise InvalidArgument("readings", problem, "TOO_MANY_VALUES")


def _divide(device_id: int, times: Times, cells: Cells, most_cells: int, *, atomic: bool) -> Parts:
    return list(batches(device_id, times, cells, most_cells, atomic=atomic))


def _response(
    parts: Parts, outcomes: Sequence[Outcome], rejections: list[Rejection], further_rejections: int
) -> SubmitReadingsResponse:
    """The response to a submission. Raises InvalidArgument if nothing was stored.

    further_rejections: the number of rejected values that are not in rejections.
    """
    stored = list[Times]()
    for (first, batch), outcome in zip(parts, outcomes, strict=True):
        stored.append(stored_times(accepted(batch, outcome.rejections)))
        rejections += moved(outcome.rejections, first)
    count = sum(map(len, stored))
    if not count:
        _reject(rejections, one=False)
    rejections.sort(key=lambda item: item.index)
    buffered = any(outcome.buffered for outcome in outcomes)
    response = SubmitReadingsResponse(accepted=count, buffered=buffered)
    if merged_count := merged(stored):
        response.merged = merged_count
    _add_rejections(response, rejections, further_rejections)
    return response


def _add_rejections(response: SubmitReadingsResponse, rejections: Sequence[Rejection], further_rejections: int) -> None:
    """Add rejections up to the limit of the response, and the number of the others."""
    room = REJECTION_BYTES
    for item in each_row(rejections):
        wire = rejection(item)
        room -= wire.ByteSize()
        if room < 0:
            further_rejections += sum(one.count for one in rejections) - len(response.rejected)
            break
        response.rejected.append(wire)
    if further_rejections:
        response.more_rejected = further_rejections


def _field(item: Rejection, *, one: bool) -> str:
    path = "data" if one else f"readings[{item.index}].data"
    if not item.measurement:
        return path.replace("data", "timestamp") if item.reason in TIME_REASONS else path
    return f"{path}.{item.measurement}"


def each_row(rejections: Iterable[Rejection]) -> Iterator[Rejection]:
    """Divide rejections of several rows into one for each row. REST reports each reading."""
    return (
        replace(item, index=row, count=1) for item in rejections for row in range(item.index, item.index + item.count)
    )

"""The unary ways in: one reading, or many."""

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
from iotflow_server.intake.reading_cells import cells_of
from iotflow_server.rpc.codec.wire_batches import rejection
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.telemetry import submissions
from iotflow_server.rpc.telemetry.stream_batches import moved
from iotflow_server.rpc.telemetry.submissions import Submission
from iotflow_server.telemetry.batch import Batch, Rejection, Times
from iotflow_server.telemetry.checks import TOO_FAR_AHEAD, Limits
from iotflow_server.telemetry.intake import Intake
from iotflow_server.telemetry.outcome import Outcome, accepted, merged, stored_times
from iotflow_server.telemetry.sparse import Cells, batches

# Values and refusals that become batches and an answer in a few milliseconds, and readings; more of them are seen to beside the event
# loop, which goes on serving others.
AT_ONCE_VALUES, AT_ONCE = 2_000, 200
# Of what refusals an answer names, so that every client takes it; and of what a status names, which has room for few.
ANSWER_BYTES, MOST_VIOLATIONS = 2 * 2**20, 1_000

# Reasons that speak of a reading's time.
OF_TIMES = ("INVALID_TIME", TOO_FAR_AHEAD)

# Each with its first row.
Parts = list[tuple[int, Batch]]
# What can be stored, what is refused, and how many values are besides.
TakenApart = tuple[Submission, Cells, list[Rejection], int]


class SubmitHandler:
    """Of typed requests, and of JSON bodies as they came, which mean the same."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def one(self, request: SubmitTelemetryRequest | HttpBody, principal: Principal) -> SubmitTelemetryResponse:
        """Store one reading whole, or refuse it whole."""
        most = self._intake.limits.columns
        if isinstance(request, HttpBody):
            read = partial(submissions.one_in_json, request.data, most)
            return await self._one(principal, await self._taken_apart(read, len(request.data)))
        return await self._one(
            principal, await self._taken_apart(partial(submissions.one_in_message, request, most), request.ByteSize())
        )

    async def many(self, request: SubmitReadingsRequest | HttpBody, principal: Principal) -> SubmitReadingsResponse:
        """Store what can be stored and name the rest; all or nothing where the request says atomic."""
        most = self._intake.limits.columns
        if isinstance(request, HttpBody):
            read = partial(submissions.many_in_json, request.data, most)
            return await self._many(principal, await self._taken_apart(read, len(request.data)))
        return await self._many(
            principal, await self._taken_apart(partial(submissions.many_in_message, request, most), request.ByteSize())
        )

    async def _taken_apart(self, read: Callable[[], Submission], size: int) -> TakenApart:
        def take_apart() -> TakenApart:
            submission = read()
            return submission, *cells_of(submission.decoded, self._intake.limits)

        return await run_by_size(size, take_apart)

    async def _one(self, principal: Principal, taken_apart: TakenApart) -> SubmitTelemetryResponse:
        submission, cells, rejections, _ = taken_apart
        device = await self._intake.writer(principal, submission.device_id)
        _refuse(rejections, one=True)
        times = await self._times(device.id, submission, principal.limit_key)
        ((_, batch),) = batches(device.id, times, cells, self._intake.limits.values, atomic=True)
        outcome = await self._intake.submit(device, batch)
        _refuse(outcome.rejections, one=True)
        return SubmitTelemetryResponse(
            message="Telemetry data received successfully",
            device_id=device.id,
            device_name=device.name,
            timestamp=timestamp_ms(int(times[0])),
            buffered=outcome.buffered,
        )

    async def _many(self, principal: Principal, taken_apart: TakenApart) -> SubmitReadingsResponse:
        submission, cells, rejections, more = taken_apart
        device = await self._intake.writer(principal, submission.device_id)
        limits = self._intake.limits
        if submission.atomic:
            _refuse(rejections, one=False)
            _check_width(submission.rows, cells, limits)
        times = await self._times(device.id, submission, principal.limit_key)
        values = len(rejections) + sum(len(rows) for rows, _ in cells.values())
        is_small = submission.rows < AT_ONCE and values < AT_ONCE_VALUES
        divide = partial(_divided, device.id, times, cells, limits.values, atomic=submission.atomic)
        parts = divide() if is_small else await run_in_compute_thread(divide)
        results = await self._intake.put([(device, batch) for _, batch in parts]) if parts else []
        outcomes = [await result for result in results]
        answer = partial(_answer, parts, outcomes, rejections, more)
        return answer() if is_small else await run_in_compute_thread(answer)

    async def _times(self, device_id: int, submission: Submission, caller: str) -> Times:
        """One a row; rows that are refused have one that means nothing."""
        readings = submission.decoded.readings
        timeless = sum(reading.time is None for reading in readings)
        allocate = self._intake.timestamps.allocate
        arrivals = iter(await allocate(device_id, timeless, caller=caller) if timeless else ())
        times = np.zeros(submission.rows, np.int64)
        for reading in readings:
            times[reading.index] = next(arrivals) if reading.time is None else reading.time
        return times


def _refuse(rejections: Sequence[Rejection], *, one: bool) -> None:
    """Raise InvalidArgument naming every field at fault, if there is any."""
    if not rejections:
        return
    named = islice(each_row(rejections), MOST_VIOLATIONS)
    (field, message), *others = [(_field(item, one=one), item.message) for item in named]
    reason = rejections[0].reason
    # A reading that is sent alone is the request, and of that the words for requests speak.
    is_of_request = one and reason in ("INVALID_TIME", "INVALID_PAYLOAD")
    raise InvalidArgument(field, message, "INVALID_ARGUMENT" if is_of_request else reason, others=others)


def _check_width(rows: int, cells: Cells, limits: Limits) -> None:
    """Raise InvalidArgument where one batch, which cannot be divided, would take far more room than what was sent."""
    if rows * len(cells) > limits.values:
        problem = (
            f"{rows} readings times {len(cells)} measurements are more than {limits.values} values,"
            " the most that is stored all or nothing; send fewer together, or not atomic"
        )
        raise InvalidArgument("readings", problem, "TOO_MANY_VALUES")


def _divided(device_id: int, times: Times, cells: Cells, most_cells: int, *, atomic: bool) -> Parts:
    return list(batches(device_id, times, cells, most_cells, atomic=atomic))


def _answer(
    parts: Parts, outcomes: Sequence[Outcome], rejections: list[Rejection], more: int
) -> SubmitReadingsResponse:
    """more: how many values are refused besides. Raises InvalidArgument where nothing was stored."""
    stored = list[Times]()
    for (first, batch), outcome in zip(parts, outcomes, strict=True):
        stored.append(stored_times(accepted(batch, outcome.rejections)))
        rejections += moved(outcome.rejections, first)
    count = sum(map(len, stored))
    if not count:
        _refuse(rejections, one=False)
    rejections.sort(key=lambda item: item.index)
    buffered = any(outcome.buffered for outcome in outcomes)
    response = SubmitReadingsResponse(accepted=count, buffered=buffered)
    if merged_count := merged(stored):
        response.merged = merged_count
    _name(rejections, response, more)
    return response


def _name(rejections: Sequence[Rejection], response: SubmitReadingsResponse, more: int) -> None:
    """As many as an answer has room for, and how many more there are."""
    room = ANSWER_BYTES
    for item in each_row(rejections):
        wire = rejection(item)
        room -= wire.ByteSize()
        if room < 0:
            more += sum(one.count for one in rejections) - len(response.rejected)
            break
        response.rejected.append(wire)
    if more:
        response.more_rejected = more


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

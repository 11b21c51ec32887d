"""Passes the readings of JSON messages to the batcher, and reports the ones that are rejected."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from iotflow.readings import Decoded, InvalidReading, Reading
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.pipeline.arrival_times import ArrivalTimes, SessionLost
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, Message, Rejected
from iotflow_gateway.pipeline.payloads import rejected_reading, slices

# Problems that are reported in a row before other devices are served.
MOST_PROBLEMS = 500


class TelemetryHandler:
    """Readings of decoded messages, on their way to the batcher."""

    def __init__(self, batcher: Batcher, arrival_times: ArrivalTimes, callbacks: Callbacks) -> None:
        self._batcher = batcher
        self._arrival_times = arrival_times
        self._callbacks = callbacks

    def handle(self, message: Message, device_id: int, decoded: Decoded) -> None:
        """Queue the readings of a short message."""
        if not decoded.is_ordinary:
            self._report_problems(message, decoded.problems)
            self._report_notices(message, decoded)
        if message.delivery and (untimed := _untimed(decoded.readings)):

            def add(times: range | None) -> None:
                self._batcher.add(device_id, message, _timed(decoded.readings, times))

            self._with_times(message, self._arrival_times.request(message, message.delivery, device_id, untimed), add)
            return
        self._batcher.add(device_id, message, decoded.readings)
        if not decoded.readings:
            self._callbacks.finish(message)

    def handle_batch(self, message: Message, device_id: int, batch: TelemetryBatch) -> None:
        """Queue a batch that the device made."""
        if not (message.delivery and batch.server_times):
            self._batcher.add_batch(device_id, message, batch)
            return

        def add(times: range | None) -> None:
            if times:
                batch.timestamps[:] = times
                batch.server_times = False
            self._batcher.add_batch(device_id, message, batch)

        count = len(batch.timestamps)
        self._with_times(message, self._arrival_times.request(message, message.delivery, device_id, count), add)

    async def handle_long(self, message: Message, device_id: int, decoded: Decoded) -> None:
        """Queue the readings of a long message in slices, between which other devices are served."""
        # The message is not finished before its last slice is queued.
        message.pending_parts += 1
        for start in range(0, len(decoded.problems), MOST_PROBLEMS):
            self._report_problems(message, decoded.problems[start : start + MOST_PROBLEMS])
            await asyncio.sleep(0)
        self._report_notices(message, decoded)
        try:
            readings = await self._awaited(message, device_id, decoded.readings)
        except SessionLost:
            readings = ()
        for some in slices(readings):
            self._batcher.add(device_id, message, some)
            await asyncio.sleep(0)
        message.pending_parts -= 1
        if not message.pending_parts:
            self._callbacks.finish(message)

    async def _awaited(self, message: Message, device_id: int, readings: Sequence[Reading]) -> Sequence[Reading]:
        """The readings with the times of their arrival, if they need them."""
        untimed = _untimed(readings)
        if not (message.delivery and untimed):
            return readings
        return _timed(readings, await self._arrival_times.request(message, message.delivery, device_id, untimed))

    def _with_times(
        self, message: Message, requested: "asyncio.Future[range | None]", add: Callable[[range | None], None]
    ) -> None:
        """Call `add` with the times of readings, once they are stored."""

        def proceed(times: "asyncio.Future[range | None]") -> None:
            if times.cancelled():
                return
            try:
                add(times.result())
            except SessionLost:
                # Its connection is closed, and sends no acknowledgement.
                self._callbacks.finish(message)
            except Rejected as rejected:
                self._callbacks.reject(message, rejected)
                self._callbacks.finish(message)

        requested.add_done_callback(proceed)

    def _report_problems(self, message: Message, problems: Sequence[InvalidReading]) -> None:
        for problem in problems:
            self._callbacks.reject(message, rejected_reading(problem))

    def _report_notices(self, message: Message, decoded: Decoded) -> None:
        # One notice for each message: every reading of a device without a clock has the same one.
        for notice in decoded.notices[:1]:
            self._callbacks.reject(message, rejected_reading(notice, is_notice=True))
        if decoded.more_problems:
            self._callbacks.reject(message, _more_problems(decoded.more_problems))
        if decoded.merged:
            self._callbacks.reject(message, _merged(decoded.merged))


def _untimed(readings: Sequence[Reading]) -> int:
    """The number of readings without a time."""
    return sum(reading.time is None for reading in readings)


def _timed(readings: Sequence[Reading], times: range | None) -> Sequence[Reading]:
    """The readings, those without a time with these times."""
    if times is None:
        return readings
    left = iter(times)
    return [reading if reading.time is not None else replace(reading, time=next(left)) for reading in readings]


def _more_problems(count: int) -> Rejected:
    """The rejection that stands for the problems of a message beyond the recorded ones."""
    text = f"{count} more values of this message are rejected. Only the first ones are reported."
    return Rejected("TOO_MANY_PROBLEMS", text)


def _merged(count: int) -> Rejected:
    """The notice for a list with equal times."""
    text = f"{count} readings have the time (in milliseconds) of another reading of the list and are merged with it."
    return Rejected("READINGS_MERGED", text, field="timestamp", is_notice=True)

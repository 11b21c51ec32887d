"""Passes the readings of JSON messages to the batcher, and reports the ones that are rejected."""

import asyncio
from collections.abc import Sequence

from iotflow.readings import Decoded, InvalidReading
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, Message, Rejected
from iotflow_gateway.pipeline.payloads import rejected_reading, slices

# Problems that are reported in a row before other devices are served.
MOST_PROBLEMS = 500


class TelemetryHandler:
    """Readings of decoded messages, on their way to the batcher."""

    def __init__(self, batcher: Batcher, callbacks: Callbacks) -> None:
        self._batcher = batcher
        self._callbacks = callbacks

    def handle(self, message: Message, device_id: int, decoded: Decoded) -> None:
        """Queue the readings of a short message."""
        if not decoded.is_ordinary:
            self._report_problems(message, decoded.problems)
            self._report_notices(message, decoded)
        self._batcher.add(device_id, message, decoded.readings)
        if not decoded.readings:
            self._callbacks.finish(message)

    async def handle_long(self, message: Message, device_id: int, decoded: Decoded) -> None:
        """Queue the readings of a long message in slices, between which other devices are served."""
        # The message is not finished before its last slice is queued.
        message.pending_parts += 1
        for start in range(0, len(decoded.problems), MOST_PROBLEMS):
            self._report_problems(message, decoded.problems[start : start + MOST_PROBLEMS])
            await asyncio.sleep(0)
        self._report_notices(message, decoded)
        for some in slices(decoded.readings):
            self._batcher.add(device_id, message, some)
            await asyncio.sleep(0)
        message.pending_parts -= 1
        if not message.pending_parts:
            self._callbacks.finish(message)

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


def _more_problems(count: int) -> Rejected:
    """The rejection that stands for the problems of a message beyond the recorded ones."""
    text = f"{count} more values of this message are rejected. Only the first ones are reported."
    return Rejected("TOO_MANY_PROBLEMS", text)


def _merged(count: int) -> Rejected:
    """The notice for a list with equal times."""
    text = f"{count} readings have the time (in milliseconds) of another reading of the list and are merged with it."
    return Rejected("READINGS_MERGED", text, field="timestamp", is_notice=True)

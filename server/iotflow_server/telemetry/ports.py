"""The port to wherever readings are kept. Its docstrings are the contract; tests/contract holds every backend to it."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from iotflow_server.telemetry.batch import Batch, Column, Rejection, Times, ValueType
from iotflow_server.telemetry.journal_state import JournalState

EARLIEST = -(2**62)
LATEST = 2**62


@dataclass(frozen=True, slots=True)
class Span:
    """Times t with start <= t < end, milliseconds since 1970 UTC."""

    start: int = EARLIEST
    end: int = LATEST


class Function(StrEnum):
    """Figures over a window.

    avg, sum, median, stddev (of a sample; absent for a single value) are DOUBLE, count is INT64, the others have the
    measurement's type. Text and booleans have count, first and last only.
    """

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    MEDIAN = "median"
    STDDEV = "stddev"


class Fill(StrEnum):
    """What stands in windows without a value.

    NULL: nothing (count: 0). PREVIOUS: what the window before has. LINEAR: the straight line between the neighbours that have a value
    (numbers only; else nothing). Before the first and, for LINEAR, after the last value there is nothing. A count is 0, never filled.
    """

    NULL = "null"
    PREVIOUS = "previous"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of one measurement; column has one row, times one time."""

    time: int
    column: Column


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """One function of one measurement; column has a row for each window of the answer."""

    function: Function
    column: Column


@dataclass(frozen=True, slots=True)
class Windows:
    """times: the starts of the windows, rising. figures: in the order measurement, then function as asked for."""

    times: Times
    figures: tuple[WindowFigures, ...]


class TelemetryStore(Protocol):
    """Keeps readings.

    Every method raises Unavailable when the backend is away, never a driver's error. Cancelling a call is safe; a write that was
    cancelled may or may not have happened. Measurements asked for that do not exist are simply absent from the answer, and a
    device that never wrote is a device without readings.
    """

    @property
    def name(self) -> str:
        """sqlite or iotdb."""

    @property
    def writers(self) -> int:
        """How many writes at a time do it good."""

    @property
    def buffering(self) -> bool:
        """Whether writes are acknowledged that the backend gets later; see JournaledStore. False for all others."""

    @property
    def journal(self) -> JournalState | None:
        """How the journal in front of the backend is; None where there is none."""

    async def start(self) -> None:
        """Make ready for use; called once, before anything else. A backend that is elsewhere need not be there yet."""

    async def close(self) -> None:
        """Let go of files and connections after the calls under way have ended."""

    async def check(self) -> str:
        """What is not as it should be though writes are taken, as a sentence; empty: nothing. Raises Unavailable where
        nothing can be written."""

    async def write(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        """Store batches; on return they are durable: a crash of this process or machine loses none of them.

        Answers, for each batch, what of it was refused (empty: nothing). Each batch is all or nothing but for what is
        refused; with `atomic` any refusal refuses the batch. Later batches win over earlier ones and later rows over
        earlier ones at an equal (device, measurement, time); a row without a value overwrites nothing. Writing the same
        again changes nothing.

        The first value stored sets a measurement's type; one that has no readings any more, whether they were deleted or are
        past their time, has no type. A value of another type is kept in that type if it fits
        without loss (2 or 2.0 in INT32, 2.5 in FLOAT, 7 in DOUBLE), and refused with reason TYPE_CONFLICT if not (2.5 in
        INT64, 0.1 in FLOAT, 2^53+1 in DOUBLE, text or a boolean in a number and the other way round). A refused batch
        sets no type; of an atomic one only the rows at fault are named. What no type can hold is refused with reason
        UNSTORABLE. Rejections name rows by runs: neighbouring refused rows of a column are one Rejection; where they
        would make more than 32 runs, the column is refused whole.
        """

    def read(
        self,
        device_id: int,
        span: Span,
        measurements: Sequence[str] | None = None,
        *,
        newest_first: bool = False,
        chunk_rows: int = 10_000,
    ) -> AsyncGenerator[Batch]:
        """Yield one device's readings in time order, 1 to chunk_rows rows at a time, in bounded memory.

        measurements: None for all; the columns of a chunk come in the order asked for, or by name. Rows without any value of
        the measurements asked for do not appear, times are distinct, and every column of a chunk has at least one value. What is
        written meanwhile may or may not appear.
        """

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None
    ) -> dict[int, tuple[Latest, ...]]:
        """The newest value of each measurement, of many devices by one query; by name, or in the order asked for.

        Devices without readings are absent.
        """

    async def aggregate(
        self,
        device_id: int,
        span: Span,
        window: int,
        functions: Sequence[Function],
        measurements: Sequence[str] | None = None,
        fill: Fill | None = None,
    ) -> Windows:
        """Figures over windows of `window` milliseconds, counted from 1970-01-01 UTC, of the readings within span.

        measurements: None for all. What a measurement's type does not have (see Function) is absent. fill None: windows in
        which no figure has a value are left out. Otherwise every window that touches the span is there, from the one that
        holds span.start to the one that holds span.end - 1; the caller sees to it that the span is bounded.
        """

    async def measurements(self, device_id: int) -> dict[str, ValueType]:
        """What the device has stored, by name, sorted; the types of those without readings hold no more."""

    async def delete(self, device_id: int, span: Span) -> None:
        """Remove the readings within span, durably."""

    async def drop(self, device_id: int, measurement: str) -> None:
        """Remove a measurement with all its readings, durably; one that does not exist is none then either."""

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        """Keep a measurement's readings in another type from now on, durably: all of them or, where one does not fit it without
        loss, none.

        Numbers fit numbers that are equal; anything fits TEXT, as JSON writes it; text fits where it is JSON for a value of the
        type. Raises InvalidArgument (NOT_LOSSLESS), FailedPrecondition where the readings are too many (TOO_MANY_READINGS).
        """

    async def count(self, device_id: int, span: Span) -> int:
        """How many distinct times within span have a value."""

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        """How long readings are kept, by their time; None: for ever. device_id None: for every device without a rule of its own.

        Readings older than that are no longer in any answer, at once, and their room is given back in time. The rule
        outlives a restart. A device's rule that says for ever comes before the one for all.
        """

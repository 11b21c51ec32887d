"""The ports to the telemetry store. The docstrings are the contract; tests/contract holds every backend to it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from iotflow.words import Aggregation, Fill
from iotflow_server.telemetry.batch import Batch, Column, Rejection, Times, ValueType
from iotflow_server.telemetry.multi_device_batch import AnyBatch

EARLIEST = -(2**62)
LATEST = 2**62
# The server as a caller of its own store.
SERVER = "server"


@dataclass(frozen=True, slots=True)
class Span:
    """Times t with start <= t < end, milliseconds since 1970 UTC."""

    start: int = EARLIEST
    end: int = LATEST


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of one measurement; column has one row."""

    time: int
    column: Column


def in_requested_order(by_name: Mapping[str, Latest], measurements: Sequence[str] | None) -> tuple[Latest, ...]:
    """The values of the measurements in the requested order; all by name if measurements is None."""
    names = sorted(by_name) if measurements is None else dict.fromkeys(measurements)
    return tuple(by_name[name] for name in names if name in by_name)


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """One function of one measurement; column has one row per window of the result."""

    function: Aggregation
    column: Column


@dataclass(frozen=True, slots=True)
class Windows:
    """times: the starts of the windows, ascending. figures: ordered by measurement, then by function as requested."""

    times: Times
    figures: tuple[WindowFigures, ...]


@dataclass(frozen=True, slots=True)
class JournalState:
    """State of a journal, for health checks, the status RPC and the metrics.

    entries, bytes: number of records (groups of batches) in the journal, and their size on disk. limit_bytes: largest size.
    oldest_seconds: age of the oldest record; 0.0 if there is none. buffering: writes are acknowledged by the journal alone
    and reach the backend later. replaying: the journal is being written to the backend. backend_available: the backend
    answered its last call. replayed, rejected: values written to the backend again since the start, and those it rejected.
    """

    entries: int
    bytes: int
    limit_bytes: int
    oldest_seconds: float
    buffering: bool
    replaying: bool
    backend_available: bool
    replayed: int
    rejected: int


class TelemetryWriter(Protocol):
    """Changes the stored readings.

    Every method raises Unavailable when the backend cannot be reached, never an error of the driver. Calls can be
    cancelled; a cancelled write may or may not have been carried out.
    """

    async def write(self, batches: Sequence[AnyBatch]) -> list[tuple[Rejection, ...]]:
        """Store batches; on return they are durable: a crash of this process or machine loses none of them.

        Returns the rejections of each batch (empty: none). A batch is stored all or nothing, apart from its rejections;
        with `atomic`, one rejection rejects the whole batch. At an equal (device, measurement, time), later batches win
        over earlier ones and later rows over earlier ones; a row without a value overwrites nothing. Writing the same
        batch again changes nothing. A MultiDeviceBatch is written like the batches of its devices; its rejections count its
        rows.

        The first stored value sets the type of a measurement. A measurement without readings, because they were deleted or
        have expired, has no type. A value of another type is converted if it fits without loss (2 or 2.0 in INT32, 2.5 in
        FLOAT, 7 in DOUBLE) and rejected with TYPE_CONFLICT if it does not (2.5 in INT64, 0.1 in FLOAT, 2^53+1 in DOUBLE,
        text or a boolean in a number, a number in text or a boolean). A rejected batch sets no type; of an atomic one only
        the offending rows are named. Values that no type can hold are rejected with UNSTORABLE. Rejections name rows by
        runs: adjacent rejected rows of a column are one Rejection. A column with more than 32 runs is rejected whole.
        """

    async def delete(self, device_id: int, span: Span) -> None:
        """Delete the readings within span, durably."""

    async def drop(self, device_id: int, measurement: str) -> None:
        """Remove a measurement and all its readings, durably. Does nothing if the measurement does not exist."""

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        """Convert all readings of a measurement to another type, durably; none of them if one does not fit without loss.

        Numbers fit equal numbers; every value fits TEXT, in its JSON form; text fits a type if it is JSON for a value of
        it. Raises InvalidArgument (NOT_LOSSLESS), or FailedPrecondition for too many readings (TOO_MANY_READINGS).
        """

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        """Set how long readings are kept, counted from their time; None: without limit. device_id None: the default rule, for
        devices without a rule of their own.

        Expired readings disappear from all results at once; their space is reclaimed later. Rules survive a restart. A
        device's own rule takes precedence over the default, even if it sets no limit.
        """


class ManagedWriter(TelemetryWriter, Protocol):
    """A writer with a lifecycle: the front of the store that the server writes to."""

    @property
    def name(self) -> str:
        """sqlite or iotdb."""

    @property
    def writers(self) -> int:
        """Number of concurrent writes at which throughput is best."""

    @property
    def buffering(self) -> bool:
        """True while acknowledged readings may be in the journal only, where readers do not see them; see JournaledWriter."""

    @property
    def journal(self) -> JournalState | None:
        """State of the journal in front of the backend; None if there is no journal."""

    async def start(self) -> None:
        """Prepare for use; called once, before any other method. A remote backend may still be unreachable."""

    async def close(self) -> None:
        """Wait for the calls in progress, then release files and connections."""

    async def check(self) -> str:
        """Describe in one sentence what is wrong while writes are still accepted; empty: nothing. Raises Unavailable if
        writes are not accepted."""


class TelemetryReader(Protocol):
    """Reads the stored readings.

    Every method raises Unavailable when the backend cannot be reached, never an error of the driver. Requested
    measurements that do not exist are absent from the result. A device that never wrote is a device without readings.
    caller: name of the caller; waiting calls are served in turns, one turn per name.
    """

    def read(
        self,
        device_id: int,
        span: Span,
        measurements: Sequence[str] | None = None,
        *,
        newest_first: bool = False,
        chunk_rows: int = 10_000,
        caller: str = SERVER,
    ) -> AsyncGenerator[Batch]:
        """Yield the readings of one device in time order, 1 to chunk_rows rows at a time, in bounded memory.

        measurements: None for all; the columns of a chunk come in the requested order, or by name. Rows without a value of
        the requested measurements are left out, times are distinct, and every column of a chunk has at least one value.
        Readings written during the call may or may not appear.
        """

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None, *, caller: str = SERVER
    ) -> dict[int, tuple[Latest, ...]]:
        """Return the newest value of each measurement, for many devices by one query; by name, or in the requested order.

        Devices without readings are absent.
        """

    async def aggregate(
        self,
        device_id: int,
        span: Span,
        window: int,
        functions: Sequence[Aggregation],
        measurements: Sequence[str] | None = None,
        fill: Fill | None = None,
        *,
        caller: str = SERVER,
    ) -> Windows:
        """Aggregate the readings within span over windows of `window` milliseconds, counted from 1970-01-01 UTC.

        measurements: None for all. Functions that a measurement's type does not have (see Aggregation) are absent. fill None:
        windows without any value are left out. Otherwise the result has every window that touches the span, from the one
        that holds span.start to the one that holds span.end - 1; the caller must bound the span.
        """

    async def measurements(self, device_id: int, *, caller: str = SERVER) -> dict[str, ValueType]:
        """Return the type of each measurement by name, sorted; the type of a measurement without readings is not binding."""

    async def count(self, device_id: int, span: Span, *, caller: str = SERVER) -> int:
        """Return the number of distinct times within span that have a value."""


class TelemetryStore(ManagedWriter, TelemetryReader, Protocol):
    """A backend: it writes and reads."""

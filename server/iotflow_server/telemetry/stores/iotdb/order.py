"""Detection of rows that were written out of time order, for which IoTDB may return overwritten values.

IoTDB (2.0.1-beta, and its current sources) merges the files that hold rows of a device, the newest first, and looks one row
ahead: when it takes a row from the newest file and skips the same row of an older file, it also takes the next row of the
older file if it is the next one of the newest file too, and uses its values where the newest has none. If a file of an age
between the two has that next row, but not the row before, its values are lost and older ones appear. This takes three
sources of one row (files or memory), the newest with a gap in one column and a value in another.

The presence of values is correct nevertheless, and so are the values of a column that is queried alone, because no row
has gaps then, and those of a single time, because there is no next row. Values that IoTDB's compaction lost in the same way
cannot be recovered.

A process that is the only writer knows the order of its own rows, so that it need not query IoTDB for it. Rows later than
all rows sent before overlap none, whatever the order in which IoTDB accepts them. Other rows may overlap as soon as they
are sent, and so may concurrent writes; an interrupted write may be carried out at any later time.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from iotflow_server.telemetry.ports import EARLIEST, Span
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult
from iotflow_server.telemetry.stores.iotdb.schema import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import StatementFailed
from iotflow_server.telemetry.stores.iotdb.spans import within


class _Device:
    """newest: latest time of the rows sent, and of those stored if checked in the current generation. checked: that
    generation. pending: number of writes that may still be carried out. uncertain: whether some of them may overlap.
    revision: changes whenever uncertain does. start: no rows overlap from this time on, in generation `checked`; None:
    unknown.
    """

    __slots__ = ("checked", "newest", "pending", "revision", "start", "uncertain")

    def __init__(self) -> None:
        self.newest = EARLIEST
        self.checked: int | None = None
        self.pending = self.revision = 0
        self.uncertain = False
        self.start: int | None = None

    def mark_uncertain(self) -> None:
        self.uncertain, self.start = True, None
        self.revision += 1

    def end_write(self) -> None:
        self.pending -= 1
        if self.uncertain and not self.pending:
            self.uncertain = False
            self.revision += 1


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """A check in progress. newest_known: whether `record_in_order` does not need the newest time."""

    device: _Device
    span: Span
    generation: int
    revision: int
    newest_known: bool


class RowOrder:
    """The known order of the rows of about `devices` devices. generation: returns another number when IoTDB may have restarted,
    which voids the knowledge. Used by many threads."""

    def __init__(self, devices: int, generation: Callable[[], int]) -> None:
        self._capacity = devices
        self._generation = generation
        self._devices: dict[int, _Device] = {}
        # Acquired once for all devices of a write.
        self._lock = Lock()

    def check(self, device_id: int, span: Span) -> OrderCheck | None:
        """Begin a check, before IoTDB is queried for overlapping rows in the span; None: it is known that there are none."""
        with self._lock:
            device, generation = self._device(device_id), self._generation()
            known = device.checked == generation
            if known and device.start is not None and device.start <= span.start:
                return None
            return OrderCheck(device, span, generation, device.revision, known)

    def record_in_order(self, check: OrderCheck, newest: int | None) -> None:
        """Record that no rows overlap. newest: latest time in IoTDB, in milliseconds, queried after the check began; None: known
        already."""
        device = check.device
        with self._lock:
            if newest is not None and device.checked != check.generation:
                device.newest, device.checked, device.start = max(device.newest, newest), check.generation, None
            quiet = device.revision == check.revision and not device.uncertain
            # A span that ends before the newest row gives no information about later rows.
            if quiet and device.checked == check.generation and device.newest < check.span.end:
                device.start = check.span.start

    @contextmanager
    def writing(self, rows: Iterable[tuple[int, int, int]]) -> Iterator[None]:
        """Track a write until the block is left. rows: device id, first and last time of each tablet, in their order."""
        devices = self._started(rows)
        try:
            yield
        except StatementFailed:
            # IoTDB has responded: no part of the write is carried out later.
            self._ended(devices)
            raise
        except BaseException:
            # IoTDB may still carry out the write, now or later.
            self._interrupted(devices)
            raise
        self._ended(devices)

    def _started(self, rows: Iterable[tuple[int, int, int]]) -> list[_Device]:
        devices = []
        with self._lock:
            generation = self._generation()
            for device_id, first, last in rows:
                device = self._device(device_id)
                device.pending += 1
                if first <= device.newest or device.checked != generation:
                    device.mark_uncertain()
                if last > device.newest:
                    device.newest = last
                devices.append(device)
        return devices

    def _ended(self, devices: Iterable[_Device]) -> None:
        with self._lock:
            for device in devices:
                device.end_write()

    def _interrupted(self, devices: Iterable[_Device]) -> None:
        """Interrupted writes stay pending: it is unknown whether and when they are carried out."""
        with self._lock:
            for device in devices:
                device.mark_uncertain()

    def _device(self, device_id: int) -> _Device:
        device = self._devices.get(device_id)
        if device is None:
            if len(self._devices) >= self._capacity:
                self._evict_one()
            device = self._devices[device_id] = _Device()
        return device

    def _evict_one(self) -> None:
        oldest = next(iter(self._devices))
        device = self._devices.pop(oldest)
        if device.pending:
            # A device with pending writes must be kept; it moves to the end of the queue.
            self._devices[oldest] = device


_FRAGMENTS = re.compile(r"Fragment Instances Count: (\d+)")
# Of each fragment: number of files written out of time order, in memory and on disk.
_UNORDERED = re.compile(r"UnSeq File\(unclosed\): (\d+), UnSeq File\(closed\): (\d+)")


def order_query(paths: Paths, device_id: int, measurement: str, span: Span) -> str:
    """The statement whose result `is_in_order` evaluates; the measurement must exist. It must run before the rows are read:
    rows written later overlap only after two flushes."""
    return f"EXPLAIN ANALYZE SELECT max_time({quoted(measurement)}) FROM {paths.device(device_id)} {within(span)}"


def is_in_order(plan: QueryResult | None) -> bool:
    """Whether all rows of the span were written in time order, so that each is in one source; False if IoTDB does not report
    it."""
    text = "\n".join(line for cells in plan.columns.values() for line in cells.values) if plan else ""
    fragments, unordered = _FRAGMENTS.search(text), _UNORDERED.findall(text)
    return (
        fragments is not None
        and int(fragments[1]) == len(unordered) > 0
        and all(counts == ("0", "0") for counts in unordered)
    )

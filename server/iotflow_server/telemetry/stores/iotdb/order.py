"""What a process that alone writes knows of the order of a device's rows, so that it need not ask (see `overlaps`).

Rows later than all that were sent before overlap nothing, in whatever order IoTDB takes them in. All others may, as soon
as they are sent, and so may what is under way then; what was cut off may land at any time later.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from iotflow_server.telemetry.ports import EARLIEST, Span
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult
from iotflow_server.telemetry.stores.iotdb.names import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import StatementFailed
from iotflow_server.telemetry.stores.iotdb.spans import within


class _Device:
    """newest: no row that was sent is later; none that is there either, if IoTDB told so in the present generation.
    told: that generation. under_way: how many writes may still land. doubtful: whether some of them may overlap. mark:
    another number whenever that changes. start: nothing overlaps from this time on, in generation `told`; None: unknown.
    """

    __slots__ = ("doubtful", "mark", "newest", "start", "told", "under_way")

    def __init__(self) -> None:
        self.newest = EARLIEST
        self.told: int | None = None
        self.under_way = self.mark = 0
        self.doubtful = False
        self.start: int | None = None

    def doubt(self) -> None:
        self.doubtful, self.start = True, None
        self.mark += 1

    def end_write(self) -> None:
        self.under_way -= 1
        if self.doubtful and not self.under_way:
            self.doubtful = False
            self.mark += 1


@dataclass(frozen=True, slots=True)
class Check:
    """One that is under way. newest_known: whether `passed` need not be told the newest time."""

    device: _Device
    span: Span
    generation: int
    mark: int
    newest_known: bool


class Order:
    """Of about `devices` devices. generation: answers another number once IoTDB may have been started again, which voids
    what is known. Used by many threads."""

    def __init__(self, devices: int, generation: Callable[[], int]) -> None:
        self._capacity = devices
        self._generation = generation
        self._devices: dict[int, _Device] = {}
        # Taken once for all devices of a write.
        self._lock = Lock()

    def check(self, device_id: int, span: Span) -> Check | None:
        """To be begun before IoTDB is asked whether anything overlaps in the span; None: it is known that nothing does."""
        with self._lock:
            device, generation = self._device(device_id), self._generation()
            known = device.told == generation
            if known and device.start is not None and device.start <= span.start:
                return None
            return Check(device, span, generation, device.mark, known)

    def passed(self, check: Check, newest: int | None) -> None:
        """IoTDB said that nothing overlaps. newest: of what was there after the check began no row is later, in
        milliseconds; None: it is known."""
        device = check.device
        with self._lock:
            if newest is not None and device.told != check.generation:
                device.newest, device.told, device.start = max(device.newest, newest), check.generation, None
            quiet = device.mark == check.mark and not device.doubtful
            # A span that ends before the newest row says nothing of those behind it.
            if quiet and device.told == check.generation and device.newest < check.span.end:
                device.start = check.span.start

    @contextmanager
    def writing(self, rows: Iterable[tuple[int, int, int]]) -> Iterator[None]:
        """Around a write. rows: of each tablet, in their order, the device's number and the first and last time."""
        devices = self._begun(rows)
        try:
            yield
        except StatementFailed:
            # It was answered, so that nothing of it comes later.
            self._ended(devices)
            raise
        except BaseException:
            self._cut_off(devices)
            raise
        self._ended(devices)

    def _begun(self, rows: Iterable[tuple[int, int, int]]) -> list[_Device]:
        devices = []
        with self._lock:
            generation = self._generation()
            for device_id, first, last in rows:
                device = self._device(device_id)
                device.under_way += 1
                if first <= device.newest or device.told != generation:
                    device.doubt()
                if last > device.newest:
                    device.newest = last
                devices.append(device)
        return devices

    def _ended(self, devices: Iterable[_Device]) -> None:
        with self._lock:
            for device in devices:
                device.end_write()

    def _cut_off(self, devices: Iterable[_Device]) -> None:
        """They stay under way: nobody will say when they land, if they do."""
        with self._lock:
            for device in devices:
                device.doubt()

    def _device(self, device_id: int) -> _Device:
        device = self._devices.get(device_id)
        if device is None:
            if len(self._devices) >= self._capacity:
                self._forget_one()
            device = self._devices[device_id] = _Device()
        return device

    def _forget_one(self) -> None:
        oldest = next(iter(self._devices))
        device = self._devices.pop(oldest)
        if device.under_way:
            # What is under way must be remembered; behind the others it is in nobody's way.
            self._devices[oldest] = device


_FRAGMENTS = re.compile(r"Fragment Instances Count: (\d+)")
# Of each fragment: what was written out of the order of time, in memory and on disk.
_UNORDERED = re.compile(r"UnSeq File\(unclosed\): (\d+), UnSeq File\(closed\): (\d+)")


def question(paths: Paths, device_id: int, measurement: str, span: Span) -> str:
    """The statement whose answer `in_order` understands; the measurement exists. It must be asked before the rows are:
    what overlaps after that it takes two flushes."""
    return f"EXPLAIN ANALYZE SELECT max_time({quoted(measurement)}) FROM {paths.device(device_id)} {within(span)}"


def in_order(told: QueryResult | None) -> bool:
    """Whether all rows of the span that are there were written in the order of time, so that each is in one source;
    False where IoTDB does not say."""
    text = "\n".join(line for cells in told.columns.values() for line in cells.values) if told else ""
    fragments, unordered = _FRAGMENTS.search(text), _UNORDERED.findall(text)
    return (
        fragments is not None
        and int(fragments[1]) == len(unordered) > 0
        and all(counts == ("0", "0") for counts in unordered)
    )

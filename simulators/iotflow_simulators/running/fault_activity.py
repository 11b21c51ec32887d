"""Which faults are active, by the labels of a run."""

import heapq
import threading
from collections import Counter
from collections.abc import Iterable

from iotflow_simulators.labels import Label


class FaultActivity:
    """Follows faults of devices. Labels may come from another thread, before their faults begin. Times are in ms since 1970."""

    def __init__(self) -> None:
        # Readings that faults changed, dropped, doubled or delayed, by kind.
        self.readings: Counter[str] = Counter()
        # Faults of single devices that have begun, by kind.
        self.begun: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._upcoming: list[tuple[int, int, str, str]] = []
        self._active: list[tuple[int, str, str]] = []

    def add(self, labels: Iterable[Label]) -> None:
        """Take the labels of a window."""
        with self._lock:
            for label in labels:
                if label.sequence is not None:
                    self.readings[label.kind] += 1
                else:
                    heapq.heappush(self._upcoming, (label.start, label.end, label.kind, label.device))

    def active(self, now: int) -> dict[str, int]:
        """How many devices have a fault of each kind. Kinds that had one stay, with 0."""
        with self._lock:
            self._advance(now)
            counts = Counter(kind for _, kind, _ in self._active)
            return {kind: counts[kind] for kind in sorted(self.begun)}

    def of_device(self, device: str, now: int) -> list[str]:
        """The kinds of the active faults of a device."""
        with self._lock:
            self._advance(now)
            return sorted(kind for _, kind, name in self._active if name == device)

    def _advance(self, now: int) -> None:
        while self._upcoming and self._upcoming[0][0] <= now:
            _, end, kind, device = heapq.heappop(self._upcoming)
            self.begun[kind] += 1
            heapq.heappush(self._active, (end, kind, device))
        while self._active and self._active[0][0] <= now:
            heapq.heappop(self._active)

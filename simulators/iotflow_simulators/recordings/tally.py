"""Counts the rows of a replay."""

from array import array
from collections import Counter, deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from iotflow.v1.telemetry_pb2 import Rejection
from iotflow_simulators.recordings.chunk import Chunk
from iotflow_simulators.recordings.progress import counted


class ReplayTally:
    """Counts rows from the file to the acknowledgement."""

    def __init__(self) -> None:
        # Rows passed to the writer; of these, rows with a stored value and rows without one; rows of the file without any value.
        self.sent = 0
        self.acknowledged = 0
        self.rejected_whole = 0
        self.empty = 0
        self._pending = PendingRows()
        # Rejected rows, by measurement and reason.
        self.rejected: Counter[tuple[str, str]] = Counter()
        self._messages: dict[tuple[str, str], str] = {}
        # The times of rows that are not in order, 8 bytes each, to count the distinct ones.
        self._times = array("q")

    def count(self, rows: Chunk, *, in_order: bool) -> None:
        """Count a batch that was sent. in_order: all times of the file rise, so no time occurs twice."""
        self.sent += len(rows.times)
        self._pending.add(rows.present())
        if not in_order:
            self._times.frombytes(rows.times.tobytes())

    @property
    def repeated(self) -> int:
        """The number of rows with the time of an earlier row."""
        return len(self._times) - len(np.unique(np.array(self._times)))

    def reject(self, rejection: Rejection) -> None:
        """Count rejected values."""
        self._pending.reject(rejection)
        kind = (rejection.measurement, rejection.reason)
        self.rejected[kind] += rejection.count
        self._messages.setdefault(kind, rejection.message)

    def acknowledge(self, rows: int) -> int:
        """Count the next rows as processed by the server; the number of them that are rejected as a whole."""
        stored = self._pending.acknowledge(rows)
        self.acknowledged += stored
        self.rejected_whole += rows - stored
        return rows - stored

    @property
    def is_complete(self) -> bool:
        """Whether every value that was sent is stored."""
        return self.acknowledged == self.sent and not self.rejected

    def summary(self) -> list[str]:
        """Lines for the terminal."""
        distinct = counted(self.sent - self.repeated, "distinct time")
        lines = [f"{self._stored()}; {distinct}{self._overwritten()}"]
        if self.empty:
            verbs = ("holds", "was") if self.empty == 1 else ("hold", "were")
            lines.append("{} {} no value and {} not sent".format(counted(self.empty, "row"), *verbs))
        for (measurement, reason), rows in self.rejected.items():
            name = measurement or "whole rows"
            lines.append(f"rejected: {name}, {counted(rows, 'row')}: {self._messages[measurement, reason]} ({reason})")
        return lines

    def _stored(self) -> str:
        verb = "is" if self.sent == 1 else "are"
        rejected = f", {self.rejected_whole:,} rejected" if self.rejected_whole else ""
        return f"{self.acknowledged:,} of {counted(self.sent, 'row')} sent {verb} acknowledged{rejected}"

    def _overwritten(self) -> str:
        return f": {counted(self.repeated, 'row')} overwrote an earlier one of the same time" if self.repeated else ""


class PendingRows:
    """Batches that are sent and not acknowledged, with the values in them that are not rejected."""

    def __init__(self) -> None:
        # For each batch: measurement to shape (rows,), whether the row has a value.
        self._batches: deque[Mapping[str, NDArray[np.bool_]]] = deque()
        # The sequence of the first batch.
        self._first = 1

    def add(self, present: Mapping[str, NDArray[np.bool_]]) -> None:
        """Append a batch."""
        self._batches.append(present)

    def reject(self, rejection: Rejection) -> None:
        """Remove the rejected values. The same rejection may come again."""
        place = rejection.sequence - self._first
        if not 0 <= place < len(self._batches):
            return
        for measurement, present in self._batches[place].items():
            if rejection.measurement in ("", measurement):
                present[rejection.index : rejection.index + rejection.count] = False

    def acknowledge(self, rows: int) -> int:
        """Remove the batches that contain these first rows; the number of rows with a stored value."""
        stored = 0
        while rows > 0:
            columns = list(self._batches.popleft().values())
            self._first += 1
            rows -= len(columns[0])
            stored += int(np.count_nonzero(np.logical_or.reduce(columns)))
        return stored

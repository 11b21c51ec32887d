"""How far a replay got."""

from array import array
from collections import Counter

import numpy as np

from iotflow.v1.telemetry_pb2 import Rejection
from iotflow_simulators.csv_rows import Chunk
from iotflow_simulators.pending_rows import PendingRows
from iotflow_simulators.progress import counted


class Tally:
    """Counts rows from the file to the acknowledgement."""

    def __init__(self) -> None:
        # Rows given to the writer; of these, rows with a value that is stored and rows with none; rows of the file that hold no
        # value at all.
        self.sent = 0
        self.acknowledged = 0
        self.rejected_whole = 0
        self.empty = 0
        self._pending = PendingRows()
        # Rows refused, by measurement and reason.
        self.rejected: Counter[tuple[str, str]] = Counter()
        self._sentences: dict[tuple[str, str], str] = {}
        # Times of rows that are in no order, 8 bytes each: the price of counting the distinct ones.
        self._times = array("q")

    def count(self, rows: Chunk, *, in_order: bool) -> None:
        """A batch was sent. in_order: all times of the file rise, so that none comes twice."""
        self.sent += len(rows.times)
        self._pending.add(rows.present())
        if not in_order:
            self._times.frombytes(rows.times.tobytes())

    @property
    def repeated(self) -> int:
        """How many rows had the time of an earlier one."""
        return len(self._times) - len(np.unique(np.array(self._times)))

    def reject(self, rejection: Rejection) -> None:
        """Count what the server refused."""
        self._pending.reject(rejection)
        kind = (rejection.measurement, rejection.reason)
        self.rejected[kind] += rejection.count
        self._sentences.setdefault(kind, rejection.message)

    def acknowledge(self, rows: int) -> int:
        """The server is done with the next rows; how many of them are rejected whole."""
        stored = self._pending.acknowledge(rows)
        self.acknowledged += stored
        self.rejected_whole += rows - stored
        return rows - stored

    @property
    def is_whole(self) -> bool:
        """Whether everything sent is stored."""
        return self.acknowledged == self.sent and not self.rejected

    def summary(self) -> list[str]:
        """Sentences for a person."""
        distinct = counted(self.sent - self.repeated, "distinct time")
        lines = [f"{self._stored()}; {distinct}{self._overwritten()}"]
        if self.empty:
            verbs = ("holds", "was") if self.empty == 1 else ("hold", "were")
            lines.append("{} {} no value and {} not sent".format(counted(self.empty, "row"), *verbs))
        for (measurement, reason), rows in self.rejected.items():
            name = measurement or "whole rows"
            lines.append(f"rejected: {name}, {counted(rows, 'row')}: {self._sentences[measurement, reason]} ({reason})")
        return lines

    def _stored(self) -> str:
        verb = "is" if self.sent == 1 else "are"
        rejected = f", {self.rejected_whole:,} rejected" if self.rejected_whole else ""
        return f"{self.acknowledged:,} of {counted(self.sent, 'row')} sent {verb} acknowledged{rejected}"

    def _overwritten(self) -> str:
        return f": {counted(self.repeated, 'row')} overwrote an earlier one of the same time" if self.repeated else ""

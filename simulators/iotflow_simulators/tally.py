"""How far a replay got."""

from array import array
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from iotflow.v1.telemetry_pb2 import Rejection


class Tally:
    """Counts rows from the file to the acknowledgement."""

    def __init__(self) -> None:
        # Rows given to the writer, rows the server is done with, rows of the file that hold no value at all.
        self.sent = 0
        self.acknowledged = 0
        self.empty = 0
        # Rows refused, by measurement and reason.
        self.rejected: Counter[tuple[str, str]] = Counter()
        self._sentences: dict[tuple[str, str], str] = {}
        # Times of rows that are in no order, 8 bytes each: the price of counting the distinct ones.
        self._times = array("q")

    def count(self, times: NDArray[np.int64], *, in_order: bool) -> None:
        """Rows were sent. times: int64 milliseconds UTC. in_order: all of them rise, so that none comes twice."""
        self.sent += len(times)
        if not in_order:
            self._times.frombytes(times.tobytes())

    @property
    def repeated(self) -> int:
        """How many rows had the time of an earlier one."""
        return len(self._times) - len(np.unique(np.array(self._times)))

    def reject(self, rejection: Rejection) -> None:
        """Count what the server refused."""
        kind = (rejection.measurement, rejection.reason)
        self.rejected[kind] += rejection.count
        self._sentences.setdefault(kind, rejection.message)

    @property
    def is_whole(self) -> bool:
        """Whether everything sent is stored."""
        return self.acknowledged == self.sent and not self.rejected

    def summary(self) -> list[str]:
        """Sentences for a person."""
        stored = f"{self.acknowledged:,} of {self.sent:,} rows sent are acknowledged"
        lines = [f"{stored}; {self.sent - self.repeated:,} distinct times" + self._overwritten()]
        if self.empty:
            lines.append(f"{self.empty:,} rows hold no value and were not sent")
        for (measurement, reason), rows in self.rejected.items():
            name = measurement or "whole rows"
            lines.append(f"rejected: {name}, {rows:,} rows: {self._sentences[measurement, reason]} ({reason})")
        return lines

    def _overwritten(self) -> str:
        return f": {self.repeated:,} rows overwrote an earlier one of the same time" if self.repeated else ""

"""Rows between sending and acknowledgement, and which of their values the server has not rejected."""

from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from iotflow.v1.telemetry_pb2 import Rejection


class PendingRows:
    """Of each batch that is not acknowledged, in the order of sending."""

    def __init__(self) -> None:
        # Measurement to shape (rows,): whether the row has a value there.
        self._batches: deque[Mapping[str, NDArray[np.bool_]]] = deque()
        # The sequence of the first of them.
        self._first = 1

    def add(self, present: Mapping[str, NDArray[np.bool_]]) -> None:
        """A batch was sent."""
        self._batches.append(present)

    def reject(self, rejection: Rejection) -> None:
        """Leave out the rejected values. The same rejection may come again."""
        place = rejection.sequence - self._first
        if not 0 <= place < len(self._batches):
            return
        for measurement, present in self._batches[place].items():
            if rejection.measurement in ("", measurement):
                present[rejection.index : rejection.index + rejection.count] = False

    def acknowledge(self, rows: int) -> int:
        """Let go of the batches with these first rows; how many of the rows have a value that is stored."""
        stored = 0
        while rows > 0:
            columns = list(self._batches.popleft().values())
            self._first += 1
            rows -= len(columns[0])
            stored += int(np.count_nonzero(np.logical_or.reduce(columns)))
        return stored

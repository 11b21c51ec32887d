"""The rows that a scenario has added, and the comparison with what is stored."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clients.conformance.waiting import ScenarioFailed

# Times and values by measurement, sorted by time.
Series = dict[str, tuple[NDArray[np.int64], NDArray[Any]]]
# A time in the past on any machine, in milliseconds since 1970 UTC.
FIRST_TIME = 1_700_000_000_000
STEP = 1_000
_NOTHING = np.empty(0, np.int64), np.empty(0, np.float64)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as `writer.add` makes them: row i has the time start + i * step, and the value first + i in each measurement."""

    start: int
    step: int
    count: int
    first: int
    measurements: tuple[str, ...]

    @property
    def times(self) -> NDArray[np.int64]:
        """Shape (count,), milliseconds."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)

    @property
    def values(self) -> NDArray[np.float64]:
        """Shape (count,), the same for each measurement."""
        return self.first + np.arange(self.count, dtype=np.float64)

    def fields(self) -> dict[str, Any]:
        """The fields of the request."""
        return {
            "start": self.start,
            "step": self.step,
            "count": self.count,
            "first": self.first,
            "measurements": list(self.measurements),
        }


@dataclass(slots=True)
class Ledger:
    """The rows added for one device, in order."""

    rows: list[Rows] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of rows."""
        return sum(rows.count for rows in self.rows)

    def next(self, count: int, measurements: tuple[str, ...]) -> Rows:
        """Rows that follow those that were added, not added yet."""
        done = self.count
        return Rows(FIRST_TIME + STEP * done, STEP, count, done, measurements)

    def add(self, rows: Rows) -> None:
        """Enter rows."""
        self.rows.append(rows)

    def check(self, stored: Series, *, missing: int = 0) -> None:
        """Every row is stored once with its value, except for `missing` rows. Raises ScenarioFailed."""
        for measurement in self._measurements() | set(stored):
            self._check(measurement, stored.get(measurement), missing)

    def check_present(self, stored: Series, rows: slice) -> None:
        """These of all rows, in the order of their times, are stored. Raises ScenarioFailed."""
        for measurement in self._measurements():
            times, _ = self._expected(measurement)
            present = stored.get(measurement, _NOTHING)[0]
            lost = np.setdiff1d(times[rows], present)
            if lost.size:
                raise ScenarioFailed(f"{lost.size} rows of {measurement} are lost, the first at {lost[0]}.")

    def _check(self, measurement: str, found: tuple[NDArray[np.int64], NDArray[Any]] | None, missing: int) -> None:
        times, values = self._expected(measurement)
        stored_times, stored_values = found or _NOTHING
        unexpected = np.setdiff1d(stored_times, times)
        if unexpected.size:
            raise ScenarioFailed(
                f"{measurement} has {unexpected.size} values that were not added, the first at {unexpected[0]}."
            )
        if len(stored_times) + missing != len(times):
            raise ScenarioFailed(
                f"{measurement} has {len(stored_times)} values; {len(times)} were added and {missing} of them may be missing."
            )
        expected = values[np.searchsorted(times, stored_times)]
        wrong = stored_times[expected != stored_values]
        if wrong.size:
            raise ScenarioFailed(f"{measurement} has {wrong.size} wrong values, the first at {wrong[0]}.")

    def _measurements(self) -> set[str]:
        return {measurement for rows in self.rows for measurement in rows.measurements}

    def _expected(self, measurement: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        chosen = [rows for rows in self.rows if measurement in rows.measurements]
        if not chosen:
            return _NOTHING
        times = np.concatenate([rows.times for rows in chosen])
        values = np.concatenate([rows.values for rows in chosen])
        # Of equal times, the last one added holds.
        unique, last = np.unique(times[::-1], return_index=True)
        return unique, values[::-1][last]

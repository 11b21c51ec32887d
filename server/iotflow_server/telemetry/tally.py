"""What this process has stored since its start."""

from dataclasses import dataclass

from iotflow_server.telemetry.accepted import rows_with_values
from iotflow_server.telemetry.batch import Batch, Rejection


@dataclass(slots=True)
class Tally:
    """Counts of batches, readings (rows) and values stored, and of values refused."""

    batches: int = 0
    readings: int = 0
    values: int = 0
    rejected: int = 0

    def stored(self, kept: Batch | None, rejections: tuple[Rejection, ...]) -> None:
        """What was stored of a batch, and what was not."""
        if kept is not None:
            self.batches += 1
            self.readings += rows_with_values(kept)
            self.values += kept.values
        self.refused(rejections)

    def refused(self, rejections: tuple[Rejection, ...] | list[Rejection]) -> None:
        """Values refused before or by the store."""
        self.rejected += sum(rejection.count for rejection in rejections)

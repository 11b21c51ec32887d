"""What this process has stored since its start."""

from dataclasses import dataclass

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.accepted import accepted, rows_with_values
from iotflow_server.telemetry.batch import Batch, Rejection


@dataclass(slots=True)
class Tally:
    """Counts of batches, readings (rows) and values stored, and of values refused."""

    batches: int = 0
    readings: int = 0
    values: int = 0
    rejected: int = 0

    def stored(self, _device: Device, batch: Batch, rejections: tuple[Rejection, ...]) -> None:
        """A listener of the ingest."""
        kept = accepted(batch, rejections)
        if kept is not None:
            self.batches += 1
            self.readings += rows_with_values(kept)
            self.values += kept.values
        self.refused(rejections)

    def refused(self, rejections: tuple[Rejection, ...] | list[Rejection]) -> None:
        """Values refused before or by the store."""
        self.rejected += sum(rejection.count for rejection in rejections)

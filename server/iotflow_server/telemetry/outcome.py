"""What became of a batch."""

from dataclasses import dataclass

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch, Rejection


@dataclass(frozen=True, slots=True)
class Outcome:
    """rejections: what of the batch was refused. buffered: the journal has the rest, the store gets it later."""

    rejections: tuple[Rejection, ...] = ()
    buffered: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """What of a device's batch is stored durably."""

    device: Device
    batch: Batch

"""Registers the devices of a CSV file, and writes their keys into a file that only its owner can read."""

from iotflow_cli.device_import.device_file import DeviceFile
from iotflow_cli.device_import.importer import (
    ImportFailed,
    ImportResult,
    RejectedRow,
    TakeProgress,
    import_devices,
)
from iotflow_cli.device_import.problems import ImportProblem

__all__ = [
    "DeviceFile",
    "ImportFailed",
    "ImportProblem",
    "ImportResult",
    "RejectedRow",
    "TakeProgress",
    "import_devices",
]

"""Paths of devices and names of measurements in IoTDB."""

import re
from collections.abc import Iterable

# Number of columns in one statement: IoTDB reserves 65 kB for each, of 60 MB for all statements with a heap of 1 GB.
TOGETHER = 100

# Names reserved by IoTDB, even if quoted. They are stored with a prefix, as are names that begin with the prefix.
_RESERVED = re.compile(r"%.*|time|timestamp|__endtime", re.IGNORECASE | re.DOTALL)
_PREFIX = "%"


def quoted(measurement: str) -> str:
    """The name of a measurement in a statement or request; any characters are allowed."""
    name = _PREFIX + measurement if _RESERVED.fullmatch(measurement) else measurement
    return "`" + name.replace("`", "``") + "`"


def unquoted(name: str) -> str:
    """The measurement with this name in a result."""
    plain = name[1:-1].replace("``", "`") if name.startswith("`") else name
    return plain.removeprefix(_PREFIX)


def groups(measurements: Iterable[str]) -> list[list[str]]:
    """Divide measurements into groups of one statement each."""
    names = list(measurements)
    return [names[first : first + TOGETHER] for first in range(0, len(names), TOGETHER)]


class Paths:
    """The paths in a database such as root.iotflow."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.devices = f"{database}.devices"
        self.rules = f"{database}.retention"
        self.probe = f"{database}.probe"
        self._prefix = f"{self.devices}.device_"

    def name(self, device_id: int) -> str:
        """The name of a device below `devices`."""
        return f"device_{device_id}"

    def device(self, device_id: int) -> str:
        """The path of a device."""
        return f"{self._prefix}{device_id}"

    def split(self, path: str) -> tuple[int, str]:
        """The device and the measurement of the path of a time series."""
        number, _, name = path.removeprefix(self._prefix).partition(".")
        return int(number), unquoted(name)

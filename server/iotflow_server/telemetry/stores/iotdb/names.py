"""Paths of devices and measurements, as IoTDB writes them."""

import re
from collections.abc import Iterable

# Columns asked for by one statement: IoTDB plans 65 kB for each, out of 60 MB for all its statements where its heap is 1 GB.
TOGETHER = 100

# Names that IoTDB has for itself, quoted or not; they are kept behind a mark, as are names that begin with the mark.
_TAKEN = re.compile(r"%.*|time|timestamp|__endtime", re.IGNORECASE | re.DOTALL)
_MARK = "%"


def quoted(measurement: str) -> str:
    """The measurement as a name in a statement or request, whatever characters it has."""
    name = _MARK + measurement if _TAKEN.fullmatch(measurement) else measurement
    return "`" + name.replace("`", "``") + "`"


def unquoted(name: str) -> str:
    """The measurement that an answer calls by this name."""
    plain = name[1:-1].replace("``", "`") if name.startswith("`") else name
    return plain.removeprefix(_MARK)


def groups(measurements: Iterable[str]) -> list[list[str]]:
    """The measurements in order, as many to a group as one statement may ask for."""
    names = list(measurements)
    return [names[first : first + TOGETHER] for first in range(0, len(names), TOGETHER)]


class Paths:
    """Where the readings are within a database such as root.iotflow."""

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
        """The device and the measurement of a time series."""
        number, _, name = path.removeprefix(self._prefix).partition(".")
        return int(number), unquoted(name)

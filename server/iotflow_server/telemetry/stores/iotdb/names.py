"""Paths of devices and measurements, as IoTDB writes them."""

import re

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


class Paths:
    """Where the readings are within a database such as root.iotflow."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.devices = f"{database}.devices"
        self.rules = f"{database}.retention"
        self.probe = f"{database}.probe"
        self._prefix = f"{self.devices}.device_"

    def device(self, device_id: int) -> str:
        """The path of a device."""
        return f"{self._prefix}{device_id}"

    def split(self, path: str) -> tuple[int, str]:
        """The device and the measurement of a time series."""
        number, _, name = path.removeprefix(self._prefix).partition(".")
        return int(number), unquoted(name)

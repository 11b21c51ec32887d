"""The types of the measurements of devices."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import EARLIEST
from iotflow_server.telemetry.stores.iotdb.schema import COMPRESSION, ENCODINGS, Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession

Types = Mapping[str, ValueType]

# Number of devices in one statement.
_TOGETHER = 200
# No reading is that early: the result has no rows, but a column for every time series.
_NOTHING = f"time < {EARLIEST}"


def types_of(session: IotdbSession, paths: Paths, device_ids: Sequence[int]) -> dict[int, dict[str, ValueType]]:
    """Query the types of the measurements of each device, by name, sorted; empty for a device that never wrote."""
    found: dict[int, dict[str, ValueType]] = {device_id: {} for device_id in device_ids}
    for first in range(0, len(device_ids), _TOGETHER):
        devices = ", ".join(paths.device(device_id) for device_id in device_ids[first : first + _TOGETHER])
        answer = session.query(f"SELECT * FROM {devices} WHERE {_NOTHING}")
        for path, cells in answer.columns.items():
            device_id, measurement = paths.split(path)
            found[device_id][measurement] = cells.type
    return {device_id: dict(sorted(types.items())) for device_id, types in found.items()}


class TypeCache:
    """Caches about `capacity` types of the devices that wrote most recently, so that writes need not query them. most: limit
    per device.

    Used by many threads. Other processes may add measurements: a caller that encounters one must forget the device and
    query it again.
    """

    def __init__(self, paths: Paths, capacity: int, most: int) -> None:
        self._paths = paths
        self.most = most
        self._capacity = capacity
        self._size = 0
        self._devices: OrderedDict[int, Types] = OrderedDict()
        self._lock = Lock()

    def of(self, session: IotdbSession, device_ids: Iterable[int]) -> dict[int, Types]:
        """The types of these devices."""
        with self._lock:
            known = {device_id: self._devices.get(device_id) for device_id in device_ids}
            for device_id, types in known.items():
                if types is not None:
                    self._devices.move_to_end(device_id)
        missing = [device_id for device_id, types in known.items() if types is None]
        loaded = types_of(session, self._paths, missing)
        for device_id, types in loaded.items():
            self._keep(device_id, types)
        return {device_id: loaded[device_id] if types is None else types for device_id, types in known.items()}

    def add(self, session: IotdbSession, known: Mapping[int, Types], new: Mapping[int, Types]) -> None:
        """Create the time series of new measurements by one call. known: the result of `of`."""
        added = {device_id: types for device_id, types in new.items() if types}
        if added:
            session.execute_all([_creation(self._paths.device(device_id), types) for device_id, types in added.items()])
        for device_id, types in added.items():
            self._keep(device_id, {**known[device_id], **types})

    def drop(self, session: IotdbSession, device_id: int, names: Iterable[str]) -> None:
        """Remove measurements and all their readings, durably."""
        # If a time series is removed while its readings are in memory, IoTDB may write a file that it cannot read.
        session.execute(f"FLUSH {self._paths.database}")
        device = self._paths.device(device_id)
        session.execute(f"DELETE TIMESERIES {', '.join(f'{device}.{quoted(name)}' for name in names)}")
        session.execute(f"FLUSH {self._paths.database}")
        self.forget([device_id])

    def forget(self, device_ids: Iterable[int]) -> None:
        """Forget devices; their next write queries them again."""
        with self._lock:
            for device_id in device_ids:
                self._remove(device_id)

    def _keep(self, device_id: int, types: Types) -> None:
        with self._lock:
            self._remove(device_id)
            self._devices[device_id] = types
            self._size += _weight(types)
            while self._size > self._capacity and len(self._devices) > 1:
                self._remove(next(iter(self._devices)))

    def _remove(self, device_id: int) -> None:
        types = self._devices.pop(device_id, None)
        self._size -= 0 if types is None else _weight(types)


def _creation(device: str, types: Types) -> str:
    series = (
        f"{quoted(name)} {kind} ENCODING={ENCODINGS[kind]} COMPRESSOR={COMPRESSION}" for name, kind in types.items()
    )
    return f"CREATE ALIGNED TIMESERIES {device} ({', '.join(series)})"


def _weight(types: Types) -> int:
    # A device without measurements takes memory too.
    return 1 + len(types)

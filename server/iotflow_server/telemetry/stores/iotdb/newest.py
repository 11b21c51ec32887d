"""The newest values of a device with very many measurements."""

from collections.abc import Iterator, Sequence

import numpy as np

from iotflow_server.telemetry.batch import Column
from iotflow_server.telemetry.ports import Latest
from iotflow_server.telemetry.stores.iotdb.names import Paths, groups, quoted
from iotflow_server.telemetry.stores.iotdb.rows import Device, same_rows
from iotflow_server.telemetry.stores.iotdb.session import Session


def newest_of_many(session: Session, paths: Paths, device_id: int, names: Sequence[str]) -> Iterator[Latest]:
    """The newest value of each: first the times, of which there are few, then what was written at them, which IoTDB can
    be asked for together (see `overlaps`)."""
    together: dict[int, list[str]] = {}
    for name, time in newest_times(session, paths, device_id, names).items():
        together.setdefault(time, []).append(name)
    for time, written in together.items():
        rows = same_rows(session, paths, Device(device_id, known=""), written, np.array([time]))
        for name, cells in rows.columns.items():
            if cells.valid.any():
                yield Latest(time, Column(name, cells.type, cells.values))


def newest_times(session: Session, paths: Paths, device_id: int, names: Sequence[str]) -> dict[str, int]:
    """The time of the newest value of each that has one."""
    found: dict[str, int] = {}
    for group in groups(names):
        figures = ", ".join(f"max_time({quoted(name)})" for name in group)
        answer = session.query(f"SELECT {figures} FROM {paths.device(device_id)}")
        for figure, cells in answer.columns.items():
            if cells.valid.any():
                name = paths.split(figure.removeprefix("max_time(").removesuffix(")"))[1]
                found[name] = int(cells.values[0])
    return found

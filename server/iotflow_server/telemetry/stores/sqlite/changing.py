"""A measurement dropped, or kept in another type."""

import sqlite3

import numpy as np

from iotflow_server.telemetry.batch import Column, ValueType
from iotflow_server.telemetry.retyping import MOST_READINGS, in_type, too_long
from iotflow_server.telemetry.stores.sqlite.schema import transaction
from iotflow_server.telemetry.stores.sqlite.series import Catalogue

_READINGS = "SELECT time, value FROM reading WHERE series = ? ORDER BY time LIMIT ?"
_CHANGE = "UPDATE reading SET value = ? WHERE series = ? AND time = ?"


def drop(connection: sqlite3.Connection, catalogue: Catalogue, device_id: int, measurement: str) -> None:
    """Let a measurement be unknown; its readings are out of sight at once, and removed later."""
    try:
        with transaction(connection):
            catalogue.refresh(connection)
            catalogue.drop(connection, device_id, [measurement])
    except BaseException:
        catalogue.forget([device_id])
        raise


def retype(
    connection: sqlite3.Connection, catalogue: Catalogue, device_id: int, measurement: str, value_type: ValueType
) -> None:
    """Keep a measurement's readings in another type; see the port."""
    try:
        with transaction(connection):
            catalogue.refresh(connection)
            known = catalogue.of(connection, device_id)
            if measurement in known.ids:
                _convert(connection, known.ids[measurement], measurement, known.types[measurement], value_type)
                catalogue.retype(connection, device_id, measurement, value_type)
    except BaseException:
        catalogue.forget([device_id])
        raise


def _convert(
    connection: sqlite3.Connection, series: int, measurement: str, kept: ValueType, value_type: ValueType
) -> None:
    layout = np.dtype([("time", np.int64), ("value", kept.dtype)])
    found = np.fromiter(connection.execute(_READINGS, (series, MOST_READINGS + 1)), layout)
    if len(found) > MOST_READINGS:
        raise too_long(measurement)
    times = found["time"].tolist()
    column = in_type(Column(measurement, kept, found["value"]), times, value_type)
    values = column.values.view(np.int8) if value_type is ValueType.BOOLEAN else column.values
    connection.executemany(_CHANGE, ((value, series, time) for value, time in zip(values.tolist(), times, strict=True)))

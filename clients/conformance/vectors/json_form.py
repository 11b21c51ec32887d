"""Batches in the JSON form of the vectors."""

from typing import Any

from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch

Json = dict[str, Any]
TYPES = ("doubles", "floats", "int64s", "int32s", "bools", "strings")
_PLACEHOLDERS: Json = {"doubles": 0.0, "floats": 0.0, "int64s": 0, "int32s": 0, "bools": False, "strings": ""}


def batch_of(form: Json) -> TelemetryBatch:
    """The batch of a JSON form. Absent keys have their defaults."""
    return TelemetryBatch(
        sequence=int(form.get("sequence") or 0),
        device_id=form.get("device_id") or 0,
        device_ids=form.get("device_ids") or [],
        timestamps=[int(time) for time in form["timestamps"]],
        atomic=form.get("atomic") or False,
        columns=[_column(column) for column in form["columns"]],
    )


def json_of(batch: TelemetryBatch) -> Json:
    """The JSON form of a batch, with all keys."""
    return {
        "sequence": str(batch.sequence),
        "device_id": batch.device_id,
        "device_ids": list(batch.device_ids),
        "timestamps": [str(time) for time in batch.timestamps],
        "atomic": batch.atomic,
        "columns": [_form(column) for column in batch.columns],
    }


def _column(form: Json) -> Column:
    kind, values = form["type"], form["values"]
    column = Column(measurement=form["measurement"])
    if None in values:
        column.validity = _bitmap([value is not None for value in values])
    given = [_PLACEHOLDERS[kind] if value is None else value for value in values]
    getattr(column, kind).extend(int(value) if kind == "int64s" else value for value in given)
    return column


def _form(column: Column) -> Json:
    kind = next((kind for kind in TYPES if getattr(column, kind)), "doubles")
    values = [str(value) if kind == "int64s" else value for value in getattr(column, kind)]
    if column.validity:
        values = [value if _is_valid(column.validity, row) else None for row, value in enumerate(values)]
    return {"measurement": column.measurement, "type": kind, "values": values}


def _bitmap(valid: list[bool]) -> bytes:
    whole = sum(1 << row for row, is_valid in enumerate(valid) if is_valid)
    return whole.to_bytes((len(valid) + 7) // 8, "little")


def _is_valid(bitmap: bytes, row: int) -> bool:
    return bool(bitmap[row // 8] >> row % 8 & 1)

"""Exports through the real gateway."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from pyarrow import ipc, parquet

from tests.e2e.rest.telemetry_cases import EXPORT, SPAN, row
from tests.e2e.rest.world import World

Rows = list[dict[str, Any]]


def plain(rows: Rows) -> Rows:
    """The row with times as text, and without missing values."""
    for each in rows:
        if isinstance(each["timestamp"], datetime):
            each["timestamp"] = each["timestamp"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [{name: value for name, value in each.items() if value is not None} for each in rows]


def of_ndjson(content: bytes) -> Rows:
    return [json.loads(line) for line in content.splitlines()]


def of_parquet(content: bytes) -> Rows:
    return list(parquet.read_table(io.BytesIO(content)).to_pylist())


def of_arrow(content: bytes) -> Rows:
    return list(ipc.open_stream(content).read_all().to_pylist())


@dataclass(frozen=True, slots=True)
class Export:
    """suffix: end of the file name. rows: expected rows of the device `own`. read: parses the file."""

    name: str
    params: Mapping[str, str]
    content_type: str
    suffix: str
    read: Callable[[bytes], Rows]
    rows: Rows
    who: str = "device"

    def __str__(self) -> str:
        return self.name


NDJSON = ("application/x-ndjson", "ndjson", of_ndjson)
PARQUET = ("application/vnd.apache.parquet", "parquet", of_parquet)
ARROW = ("application/vnd.apache.arrow.stream", "arrows", of_arrow)
ALL = [row(0), row(1), row(2)]

EXPORTS = [
    Export("ndjson", {"format": "ndjson"}, *NDJSON, ALL),
    Export("parquet", {"format": "parquet"}, *PARQUET, ALL),
    Export("arrow", {"format": "arrow"}, *ARROW, ALL),
    *(
        Export(f"{who}, by ids", {"format": "ndjson", "device_ids": "{own},{other}"}, *NDJSON, ALL, who)
        for who in ("viewer", "admin", "nobody")
    ),
    Export("fields", {"format": "ndjson", "fields": "note,ok"}, *NDJSON, [row(i, "note", "ok") for i in range(3)]),
    Export(
        "span",
        {"format": "parquet", "start_time": "2026-01-01T00:01:00Z", "end_time": "2026-01-01T00:02:00Z"},
        *PARQUET,
        [row(1)],
    ),
    *(
        Export(f"empty {name}", {"format": name, "start_time": "-1h"}, *how, [])
        for name, how in (("ndjson", NDJSON), ("parquet", PARQUET), ("arrow", ARROW))
    ),
]


@pytest.mark.parametrize("export", EXPORTS, ids=str)
def test_an_export_has_all_readings_in_every_format(export: Export, world: World) -> None:
    params = {name: world.fill(value) for name, value in export.params.items()}
    answer = world.call("GET", EXPORT, export.who, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == export.content_type
    assert answer.headers["content-disposition"] == f'attachment; filename="telemetry.{export.suffix}"'
    head = {"device_id": world.own.id, "device_name": world.own.name}
    assert plain(export.read(answer.content)) == [head | row for row in export.rows]


def test_csv_is_the_default_format(world: World) -> None:
    answer = world.call("GET", EXPORT, "device", params={**SPAN, "fields": "temperature,ok,note"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="telemetry.csv"'
    begin = f'{world.own.id},"{world.own.name}","2026-01-01T00:0'
    assert answer.text.split("\n") == [
        '"device_id","device_name","timestamp","temperature","ok","note"',
        f'{begin}0:00.000Z",20.5,true,"n0"',
        f'{begin}1:00.000Z",21.5,false,"n1"',
        f'{begin}2:00.000Z",22.5,true,"n2"',
        "",
    ]
    empty = world.call("GET", EXPORT, "device", params={"start_time": "-1h"})
    assert empty.text == '"device_id","device_name","timestamp","note","ok","temperature"\n'


def test_csv_is_safe_for_spreadsheets_on_request(world: World) -> None:
    data = {"timestamp": SPAN["start_time"], "data": {"note": "=HYPERLINK(1)"}}
    assert world.call("POST", "/api/v1/devices/telemetry", "device", json=data).status_code == 201
    plain_file = world.call("GET", EXPORT, "device", params={"fields": "note"})
    safe_file = world.call("GET", EXPORT, "device", params={"fields": "note", "safe": "true"})
    assert ',"=HYPERLINK(1)"' in plain_file.text
    assert ',"\'=HYPERLINK(1)"' in safe_file.text
    assert world.call("GET", EXPORT, "device", params={"format": "arrow", "safe": "true"}).status_code == 400

"""MQTT and REST agree on the same bytes: stored values, their types, and reasons of rejections."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow_gateway.pipeline.device_rows import DeviceRows
from iotflow_gateway.pipeline.message import Message, Rejected
from iotflow_gateway.pipeline.payloads import document, readings
from iotflow_gateway.topics import Address
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.batch_decoding import decode, runs
from iotflow_server.rpc.telemetry.submissions import many_in_json
from iotflow_server.telemetry.checks import Limits
from iotflow_server.telemetry.reading_cells import cells_of

LIMITS = Limits(10_000, 1_000, 1_000_000, 100, 5_000)
# Values by reading and measurement.
Stored = dict[tuple[int, str], object]
Refusals = set[tuple[int, str, str]]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**65)
    | st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**63, -(2**63), 2**64, 1e20, 1e308])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
    | st.just("x" * 101)
)
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner), max_leaves=8
)
NAMES = (
    st.sampled_from(["t", "switch:0", "1-0:1.8.0", "Temperature [°C]", "a;b", "", "timestamp", "x" * 129]) | st.text()
)
MEASURED = st.dictionaries(NAMES, NESTED, max_size=4)
TIMES = st.sampled_from([None, "", 0, "12", 1_700_000_000, "1700000000", 1_700_000_000.5, "210606140010", "soon", True])
READING = (
    st.fixed_dictionaries({"data": MEASURED | NESTED}, optional={"metadata": MEASURED | NESTED, "timestamp": TIMES})
    | st.fixed_dictionaries(
        {"t": SCALARS, "u": NESTED}, optional={"ts": TIMES, "api_key": st.just("k"), "metadata": MEASURED}
    )
    | NESTED
)


def by_mqtt(payload: bytes, content: Any) -> tuple[Stored, Refusals, dict[int, int | None]]:
    """The result of a message that the adapter decodes and the server stores."""
    decoded = readings(payload, content)
    stored: Stored = {}
    refused: Refusals = {(one.index or 0, one.measurement, one.reason) for one in decoded.problems}
    start = 0
    while start < len(decoded.readings):
        rows = DeviceRows(1, server_times=decoded.readings[start].time is None)
        end = rows.append(Message("t", Address(None, "", ""), b"", 1, 1), decoded.readings, start)
        batch, rejections = decode(rows.batch(), LIMITS, runs(rows.batch()))
        indices = [reading.index for reading in decoded.readings[start:end]]
        for item in rejections:
            for row in range(item.index, item.index + item.count):
                # A name is rejected in every row of the batch, also in rows without it.
                if item.measurement in decoded.readings[start + row].values:
                    refused.add((indices[row], item.measurement, item.reason))
        for column in batch.columns if batch else ():
            for row, index in enumerate(indices):
                if column.valid is None or column.valid[row]:
                    stored[index, column.measurement] = (column.type, column.values[row])
        start = end
    return stored, refused, {reading.index: reading.time for reading in decoded.readings}


def by_rest(payload: bytes) -> tuple[Stored, Refusals, dict[int, int | None]]:
    submission = many_in_json(payload, LIMITS.columns)
    cells, rejections, _ = cells_of(submission.decoded, LIMITS)
    stored: Stored = {
        (row, name): (type_, value)
        for (name, type_), (rows, values) in cells.items()
        for row, value in zip(rows, values, strict=True)
    }
    times = {reading.index: reading.time for reading in submission.decoded.readings}
    return stored, {(item.index, item.measurement, item.reason) for item in rejections}, times


@given(st.lists(READING, min_size=1, max_size=6))
def test_mqtt_and_rest_store_and_reject_the_same(listed: list[Any]) -> None:
    # The writer of Python: orjson has no integers beyond 64 bits.
    payload = json.dumps(listed).encode()
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return
    assert by_mqtt(payload, content) == by_rest(payload)


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{", b"[1,]", b'[{"data":{"t":NaN}}]', b"\xef\xbb\xbf[]", b"\x1f\x8b\x08", b"5"]
)
def test_invalid_payloads_have_the_same_error(payload: bytes) -> None:
    with pytest.raises(InvalidArgument) as rest:
        many_in_json(payload, LIMITS.columns)
    with pytest.raises(Rejected) as mqtt:
        readings(payload, document(payload))
    if rest.value.reason == "BAD_JSON" and payload != b"5":
        assert (mqtt.value.field, mqtt.value.message) == rest.value.violations[0]

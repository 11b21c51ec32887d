"""The device id in the body of a submission."""

import json
from typing import Any

import pytest

from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.telemetry.submissions import many_in_json, one_in_json

LARGEST = 2**31 - 1
VALID = [(0, 0), (1, 1), (LARGEST, LARGEST), (7.0, 7), ("7", 7), ("007", 7), (str(LARGEST), LARGEST), (None, 0)]
INVALID = [-1, LARGEST + 1, 7.5, "", "-1", "x", "٣", str(LARGEST + 1), "1" * 11, True, False, [7], {"id": 7}]


def body(**fields: Any) -> bytes:
    return json.dumps({"data": {"level": 1}, **fields}).encode()


@pytest.mark.parametrize("name", ["device_id", "deviceId"])
@pytest.mark.parametrize(("given", "device_id"), VALID)
def test_a_device_id_is_taken_as_a_number_or_as_its_digits(name: str, given: Any, device_id: int) -> None:
    assert one_in_json(body(**{name: given}), 10).device_id == device_id
    readings = json.dumps({"readings": [{"data": {"level": 1}}], name: given}).encode()
    assert many_in_json(readings, 10).device_id == device_id


@pytest.mark.parametrize("given", INVALID, ids=repr)
def test_anything_else_is_refused_with_the_range_of_device_ids(given: Any) -> None:
    with pytest.raises(InvalidArgument, match=f"is not a device id. .* from 0 to {LARGEST}") as refusal:
        one_in_json(body(device_id=given), 10)
    assert refusal.value.field == "device_id"


def test_a_device_id_that_is_given_twice_must_be_the_same() -> None:
    assert one_in_json(body(device_id=7, deviceId="7"), 10).device_id == 7
    with pytest.raises(InvalidArgument, match="different values"):
        one_in_json(body(device_id=7, deviceId=8), 10)

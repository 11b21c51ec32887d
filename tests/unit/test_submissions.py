"""The fields of the body of a submission: what is accepted, and the field that an error names."""

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


@pytest.mark.parametrize(
    ("content", "field", "problem"),
    [
        ({"readings": 5}, "readings", "must be a list of at least one reading"),
        ({"readings": "[]"}, "readings", "must be a list of at least one reading"),
        ({"readings": {"data": {"level": 1}}}, "readings", "must be a list of at least one reading"),
        ({"readings": None}, "readings", "must be a list of at least one reading"),
        ({"readings": []}, "readings", "must be a list of at least one reading"),
        ({"api_key": "k", "atomic": True}, "readings", "must be a list of at least one reading.$"),
        ({"values": [], "data": {}}, "readings", "has these unknown fields: data, values"),
        ([], "readings", "must be a list of at least one reading"),
        (5, "", "must be a JSON object"),
        (None, "", "must be a JSON object"),
        ({"readings": [{"data": {"level": 1}}], "atomic": 1}, "atomic", "must be true or false"),
        ({"readings": [{"data": {"level": 1}}], "atomic": "true"}, "atomic", "must be true or false"),
    ],
    ids=repr,
)
def test_a_body_of_another_form_is_refused_by_the_name_of_its_field(content: Any, field: str, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem) as refusal:
        many_in_json(json.dumps(content).encode(), 10)
    assert refusal.value.field == field


@pytest.mark.parametrize(("given", "is_atomic"), [({}, False), ({"atomic": None}, False), ({"atomic": True}, True)])
def test_readings_are_stored_together_on_request_only(given: dict[str, Any], is_atomic: bool) -> None:
    content = {"readings": [{"data": {"level": 1}}, {"data": {}}], **given}
    submission = many_in_json(json.dumps(content).encode(), 10)
    assert (submission.atomic, submission.rows) == (is_atomic, 2)


def test_a_list_of_readings_is_refused_where_one_is_accepted() -> None:
    with pytest.raises(InvalidArgument, match="Send lists of readings to /api/v1/devices/telemetry/batch") as refusal:
        one_in_json(json.dumps({"readings": [{"data": {"level": 1}}]}).encode(), 10)
    assert refusal.value.field == "data"

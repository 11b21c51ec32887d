"""Reported configurations: bounded, and equal as a message and as JSON."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.api.httpbody_pb2 import HttpBody

from iotflow.v1.device_service_pb2 import UpdateDeviceConfigRequest
from iotflow_server.db.json_documents import MOST_CONFIGURATION_BYTES
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.config.reports import MOST_BODY_BYTES, report_of, typed


def message(content: dict[str, Any]) -> UpdateDeviceConfigRequest:
    request = UpdateDeviceConfigRequest()
    request.configuration.update(content)
    return request


def body(content: dict[str, Any]) -> HttpBody:
    return HttpBody(data=json.dumps({"configuration": content}).encode())


@pytest.mark.parametrize("count", [1, 10_000])
async def test_a_message_and_json_are_equivalent(count: int) -> None:
    content: dict[str, Any] = {f"key{place}": place for place in range(count)}
    by_message, by_json = await report_of(message(content)), await report_of(body(content))
    assert by_message.configuration == by_json.configuration == content


async def test_the_largest_configuration_of_any_structure_fits() -> None:
    digits = [1] * (MOST_CONFIGURATION_BYTES // 2 - 10)
    assert (await report_of(message({"d": digits}))).configuration == {"d": digits}


@pytest.mark.parametrize("make", [message, body])
async def test_a_larger_body_is_rejected_before_it_is_parsed(
    make: Callable[[dict[str, Any]], UpdateDeviceConfigRequest | HttpBody],
) -> None:
    with pytest.raises(InvalidArgument, match=str(MOST_BODY_BYTES)):
        await report_of(make({"text": "x" * MOST_BODY_BYTES}))


TYPED: list[tuple[Any, str, Any]] = [
    ("on", "", "on"),
    (5, "", 5),
    ("5", "string", "5"),
    (5, "string", "5"),
    ({"a": [1]}, "string", '{"a":[1]}'),
    ("5", "integer", 5),
    (5.0, "integer", 5),
    (2**53 + 1, "integer", 2**53 + 1),
    (str(2**53 + 1), "integer", 2**53 + 1),
    ("5.5", "float", 5.5),
    (5, "float", 5),
    ("1e2", "float", 100),
    *((word, "boolean", True) for word in ("true", "True", True, "1", 1, "yes")),
    *((word, "boolean", False) for word in ("false", "FALSE", False, "0", 0, "no", "")),
    ('{"a": 1}', "json", {"a": 1}),
    ([1, 2], "json", [1, 2]),
]
REFUSED: list[tuple[Any, str, str]] = [
    ("x", "integer", "'x' is not a number"),
    (5.5, "integer", "5.5 is not a whole number"),
    (None, "float", "None is not a number"),
    ("x", "float", "'x' is not a number"),
    ("maybe", "boolean", "'maybe' is not a boolean; write true or false"),
    (2, "boolean", "2 is not a boolean"),
    ("{", "json", "is not valid JSON"),
]


@pytest.mark.parametrize(("content", "data_type", "value"), TYPED)
def test_a_reported_value_is_converted_to_its_type(content: Any, data_type: str, value: Any) -> None:
    found = typed(content, data_type)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("content", "data_type", "problem"), REFUSED)
def test_a_reported_value_that_has_not_its_type_is_refused(content: Any, data_type: str, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        typed(content, data_type)

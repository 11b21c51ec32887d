"""Reported configurations: bounded, and equal as a message and as JSON."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.api.httpbody_pb2 import HttpBody

from iotflow.v1.device_service_pb2 import UpdateDeviceConfigRequest
from iotflow_server.db.json_documents import MOST_CONFIGURATION_BYTES
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.config.reports import MOST_BODY_BYTES, report_of


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

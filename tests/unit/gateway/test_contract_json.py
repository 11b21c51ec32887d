"""Messages as REST shows them: the same JSON as protobuf's own, with JSON numbers where the contract has them."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from iotflow.v1.command_pb2 import Command
from iotflow.v1.device_service_pb2 import UpdateDeviceConfigResponse
from iotflow.v1.telemetry_pb2 import LiveDropped, LiveReadings
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse, SubmitReadingsResponse
from iotflow_gateway.contract_json import message_json, struct_json

DOCUMENT: dict[str, Any] = {
    "number": 0.5,
    "text": "é",
    "yes": True,
    "nothing": None,
    "list": [1.5, "a", [], {}],
    "object": {"deep": {"deeper": [False]}},
}

# A message, and the fields that are JSON numbers here.
MESSAGES: list[tuple[Message, dict[str, Any]]] = [
    (SubmitReadingsResponse(accepted=2, merged=0), {}),
    (
        ParseDict(
            {"accepted": 1, "rejected": [{"index": 3, "reason": "R"}], "more_rejected": 2}, SubmitReadingsResponse()
        ),
        {},
    ),
    (StreamTelemetryResponse(committed_sequence=2**60), {}),
    (LiveDropped(readings=2**53), {"readings": 2**53}),
    (ParseDict({"id": 7, "parameters": DOCUMENT, "created_at": "2026-01-01T00:00:00.500Z"}, Command()), {"id": 7}),
    (ParseDict({"device_id": 1, "data": [DOCUMENT, {}]}, LiveReadings()), {}),
    (ParseDict({"device": {"configuration": DOCUMENT}, "config_value": [1.5]}, UpdateDeviceConfigResponse()), {}),
]


@pytest.mark.parametrize(("message", "numbers"), MESSAGES)
def test_messages(message: Message, numbers: dict[str, Any]) -> None:
    expected = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    for rejection in expected.get("rejected", ()):
        assert rejection["sequence"] == "0"
    assert message_json(message) == {**expected, **numbers}


@pytest.mark.parametrize(
    ("number", "shown"),
    [(30.0, "30"), (-1.0, "-1"), (0.5, "0.5"), (2.0**53, "9007199254740992"), (2.0**60, "1.152921504606847e+18")],
)
def test_whole_numbers_are_integers(number: float, shown: str) -> None:
    struct = Struct()
    struct["n"] = number
    assert repr(struct_json(struct)["n"]) == shown

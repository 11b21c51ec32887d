"""The reference of MQTT has every topic of the grammar, and describes the messages of adapters and devices."""

import re
from typing import Any

import orjson
import pytest
from google.protobuf.struct_pb2 import Struct

from iotflow.mqtt_topics import BELOW_DEVICE, BELOW_OLDER, Kind
from iotflow.v1.command_pb2 import Command
from iotflow.v1.config_pb2 import DesiredConfig
from iotflow_gateway.devices.documents import command_document, config_document, group_document
from iotflow_gateway.topics import Topics
from tests.support.api_reference import problems, reference
from tests.unit.gateway.topic_table import TOPICS
from tools.api.channels import PAYLOADS
from tools.api.validation import asyncapi_problems, openapi_problems

GRAMMAR = Topics("iotflow")
PUBLISHED = {
    **{
        topic.replace("a/b/", "iotflow/"): found.kind
        for topic, found in TOPICS.items()
        if found.kind and not found.keyed
    },
    **{f"iotflow/devices/7/{below}": kind for below, kind in BELOW_DEVICE.items()},
    **{f"devices/pump/{below}": kind for below, kind in BELOW_OLDER.items()},
}
RECEIVED = {
    **dict.fromkeys(GRAMMAR.commands(7, "pump", "reboot"), "DeviceCommand"),
    **dict.fromkeys(GRAMMAR.commands(7, "pump", "update_firmware"), "DeviceCommand"),
    **dict.fromkeys(GRAMMAR.configs(7, "pump"), "DesiredConfiguration"),
    **dict.fromkeys(
        (GRAMMAR.parse(topic).errors for topic in ("iotflow/devices/7/telemetry", "devices/pump/status")), "Error"
    ),
    GRAMMAR.group_commands("sensor"): "GroupCommand",
    GRAMMAR.response("pump"): "RegistrationAnswer",
}
SETTINGS = Struct()
SETTINGS.update({"interval": 30, "limits": {"high": 80.5}})
COMMAND = Command(id=12, device_id=7, name="reboot", parameters=SETTINGS, group_command="abc")
COMMAND.created_at.FromJsonString("2026-01-31T12:00:00Z")
DOCUMENTS = {
    "DeviceCommand": command_document(COMMAND),
    "GroupCommand": group_document(COMMAND, "sensor"),
    "DesiredConfiguration": config_document(DesiredConfig(device_id=7, desired=SETTINGS, desired_version=3)),
}
EXAMPLES = [
    (name, example["payload"])
    for name, message in reference("asyncapi")["components"]["messages"].items()
    for example in message.get("examples", ())
]


def channel(topic: str) -> dict[str, Any]:
    """The channel of a topic; literal addresses precede those with parameters."""
    found = [one for one in reference("asyncapi")["channels"].values() if _fits(one, topic)]
    assert found, topic
    best: dict[str, Any] = min(found, key=lambda one: one["address"].count("{"))
    return best


def actions(address: str) -> set[str]:
    document = reference("asyncapi")
    keys = {f"#/channels/{key}" for key, one in document["channels"].items() if one["address"] == address}
    return {one["action"] for one in document["operations"].values() if one["channel"]["$ref"] in keys}


@pytest.mark.parametrize(("topic", "kind"), PUBLISHED.items())
def test_topics_for_publishing_are_documented(topic: str, kind: Kind) -> None:
    found = channel(topic)
    assert list(found["messages"]) == [PAYLOADS[kind]]
    assert actions(found["address"]) == {"receive"}


@pytest.mark.parametrize(("topic", "payload"), RECEIVED.items())
def test_topics_for_receiving_are_documented(topic: str, payload: str) -> None:
    assert list(channel(topic)["messages"]) == [payload]


@pytest.mark.parametrize("key", reference("asyncapi")["channels"])
def test_every_documented_topic_is_in_the_grammar(key: str) -> None:
    address = reference("asyncapi")["channels"][key]["address"]
    topic = address.format(device="7", name="pump", word="sensors", group="sensor", kind="control")
    assert topic in RECEIVED or GRAMMAR.parse(topic).kind is not None


@pytest.mark.parametrize(("name", "document"), DOCUMENTS.items())
def test_messages_of_the_adapter_are_documented(name: str, document: bytes) -> None:
    assert problems("asyncapi", _schema(name), orjson.loads(document)) == []


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_examples_satisfy_their_schemas(name: str, example: object) -> None:
    assert problems("asyncapi", _schema(name), example) == []


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("Readings", {"data": 7}),
        ("Readings", {"temperature": {"value": 21.5}}),
        ("Readings", []),
        ("Presence", "asleep"),
        ("CommandAcknowledgement", {"state": "succeeded"}),
        ("CommandAcknowledgement", {"command_id": 7, "state": "delivered"}),
        ("RegistrationAnswer", {"status": "success"}),
    ],
)
def test_rejected_payloads_violate_their_schemas(name: str, payload: object) -> None:
    assert problems("asyncapi", _schema(name), payload)


def test_validation_finds_errors() -> None:
    info = {"title": "t", "version": "1"}
    wrong_type = {"openapi": "3.1.0", "info": info, "paths": {"/": {"get": {"responses": []}}}}
    assert list(openapi_problems(wrong_type)) == ["$.paths['/'].get.responses: [] is not of type 'object'"]
    wrong_type = {"asyncapi": "3.0.0", "info": info, "channels": {"a": {"address": 7}}}
    assert len(list(asyncapi_problems(wrong_type))) == 1
    no_target = {"asyncapi": "3.0.0", "info": info, "channels": {"a": {"messages": {"m": {"$ref": "#/components/m"}}}}}
    assert list(asyncapi_problems(no_target)) == ["#/components/m has no target"]
    assert list(asyncapi_problems(reference("asyncapi"))) == []


def _schema(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = reference("asyncapi")["components"]["messages"][name]["payload"]
    return payload


def _fits(one: dict[str, Any], topic: str) -> bool:
    return bool(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(one["address"])), topic))

"""The reference of the MQTT interface, as AsyncAPI 3.0."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.descriptor import Descriptor

from iotflow.status_words import STATUS_WORDS
from tools.api.channels import Channel, channels
from tools.api.contract import Contract
from tools.api.openapi import version
from tools.api.rules import Schema
from tools.api.schemas import READING_FIELDS, READING_SCHEMAS, Schemas, component
from tools.contract import ROOT

_ABOUT = """The first level of the topics, `iotflow`, is a setting. A device uses the topics below its own id or name only.
Readings are acknowledged once they are stored: the PUBACK of the MQTT endpoint, and the adapter's to any other broker.
A message that is acknowledged and not stored is reported on the device's `errors` topic.

Where the server is set to it, clients without a login publish messages that hold `api_key`."""
_PAYLOADS = yaml.safe_load(Path(__file__).with_name("payloads.yaml").read_text())
# A protobuf message; all others are JSON.
_BATCH = "TelemetryBatch"
_MQTT = {"qos": 1, "bindingVersion": "0.2.0"}


def document(contract: Contract) -> Schema:
    """The whole document."""
    found = list(channels())
    names = dict.fromkeys(channel.payload for channel in found)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "IoTFlow MQTT API",
            "version": version(),
            "description": _ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {"broker": _server()},
        "channels": {channel.key: _channel(channel) for channel in found},
        "operations": dict(_operation(channel, found) for channel in found if channel.payload != "RegistrationAnswer"),
        "components": {
            "securitySchemes": {"account": _account()},
            "messages": {name: _message(contract, name) for name in names},
            "schemas": _schemas(contract),
        },
    }


def _server() -> Schema:
    return {
        "host": "localhost:1883",
        "protocol": "mqtt",
        "protocolVersion": "5.0",
        "description": "The broker; `GET /api/v1/devices/mqtt-credentials` names it. MQTT 3.1.1 is understood too.",
        "security": [{"$ref": "#/components/securitySchemes/account"}],
    }


def _account() -> Schema:
    return {"type": "userPassword", "description": "User name: the device's id or name. Password: its API key."}


def _channel(channel: Channel) -> Schema:
    return {
        "address": channel.address,
        "summary": channel.summary,
        "messages": {channel.payload: {"$ref": f"#/components/messages/{channel.payload}"}},
        **({"parameters": channel.parameters} if channel.parameters else {}),
    }


def _operation(channel: Channel, others: list[Channel]) -> tuple[str, Schema]:
    """An operation from the view of the service, which receives the messages that devices publish."""
    action = "receive" if channel.is_up else "send"
    reply = [other for other in others if other.address == channel.reply]
    return f"{action}.{channel.key}", {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel.key}"},
        "summary": channel.summary,
        "messages": [_channel_message(channel)],
        "bindings": {"mqtt": {**_MQTT, **({"retain": True} if channel.retained else {})}},
        **({"reply": _reply(reply[0])} if reply else {}),
    }


def _reply(channel: Channel) -> Schema:
    return {"channel": {"$ref": f"#/channels/{channel.key}"}, "messages": [_channel_message(channel)]}


def _channel_message(channel: Channel) -> Schema:
    return {"$ref": f"#/channels/{channel.key}/messages/{channel.payload}"}


def _message(contract: Contract, name: str) -> Schema:
    if name == _BATCH:
        return _protobuf(contract.message(name))
    examples = [{"payload": example} for example in _PAYLOADS["examples"].get(name, ())]
    return {"name": name, "payload": component(name), **({"examples": examples} if examples else {})}


def _protobuf(message: Descriptor) -> Schema:
    """A message of the contract, with the text of its file."""
    source = (ROOT / "proto" / message.file.name).read_text()
    return {
        "name": message.name,
        "contentType": "application/x-protobuf",
        "payload": {"schemaFormat": "application/vnd.google.protobuf;version=3", "schema": source},
    }


def _schemas(contract: Contract) -> dict[str, Any]:
    """The schemas of payloads.yaml, and those of the contract that they refer to."""
    used = Schemas(contract, ["iotflow.v1.Device"], READING_FIELDS)
    for name in _PAYLOADS["uses"]:
        used.reference(contract.message(name))
    used.reference(contract.message("RegisterDeviceRequest"), without=("name",))
    own = {**_PAYLOADS["schemas"], **READING_SCHEMAS, "PresenceWord": _in_any_case(STATUS_WORDS)}
    return dict(sorted({**used.components, **own}.items()))


def _in_any_case(words: Iterable[str]) -> Schema:
    """A pattern that ignores case, for which JSON Schema has no flag."""
    spelled = ("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words)
    return {"type": "string", "pattern": f"^({'|'.join(spelled)})$"}

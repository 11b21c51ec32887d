"""Parses reported device states, from JSON and from protobuf messages, and converts single values to their data type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from google.api.httpbody_pb2 import HttpBody

from iotflow.readings.document import exact_document
from iotflow.v1.device_service_pb2 import UpdateDeviceConfigRequest
from iotflow_server.compute_thread import run_by_size
from iotflow_server.db.json_documents import MOST_CONFIGURATION_BYTES
from iotflow_server.devices.device import DeviceChanges
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.validation import check
from iotflow_server.rpc.codec.json_bodies import json_object
from iotflow_server.rpc.codec.wire_values import check_json, has_wide_numbers, plain, plain_number, plain_struct

# Eight times the size of a stored configuration: JSON may contain spaces, and a digit takes eleven bytes in a message.
MOST_BODY_BYTES = 8 * MOST_CONFIGURATION_BYTES
CHANGED = ("status", "location", "firmware_version", "hardware_version")
TEXTS = (*CHANGED, "config_key", "data_type")
FIELD = "config_value"
# Python converts longer numbers slowly.
_WHOLE = re.compile(r"\s*[-+]?[0-9]{1,40}\s*")
TRUE_WORDS, FALSE_WORDS = ("true", "1", "yes"), ("false", "0", "no", "")


@dataclass(frozen=True, slots=True)
class ConfigReport:
    """A parsed report. texts: the text fields that are present. value: the value of config_key, converted to data_type."""

    texts: Mapping[str, str] = field(default_factory=dict)
    configuration: dict[str, Any] | None = None
    value: Any = None

    @property
    def key(self) -> str:
        """The reported key, or empty if the report is not of one key."""
        return self.texts.get("config_key", "")

    def changes(self) -> DeviceChanges:
        """The changes to the device; absent fields are None."""
        return DeviceChanges(
            **{name: self.texts.get(name) for name in CHANGED},
            configuration=self.configuration,
            configuration_key=(self.key, self.value) if self.key else None,
        )


async def report_of(request: UpdateDeviceConfigRequest | HttpBody) -> ConfigReport:
    """Parse a typed request, or the body of PUT /api/v1/devices/config. Raises InvalidArgument."""
    size = len(request.data) if isinstance(request, HttpBody) else request.ByteSize()
    if size > MOST_BODY_BYTES:
        raise InvalidArgument("", f"The body is larger than {MOST_BODY_BYTES} bytes.")
    parse = partial(_from_json, request.data) if isinstance(request, HttpBody) else partial(_from_message, request)
    return await run_by_size(size, parse)


def _from_message(request: UpdateDeviceConfigRequest) -> ConfigReport:
    texts = {name: getattr(request, name) for name in CHANGED if request.HasField(name)}  # type: ignore[arg-type]
    texts |= {"config_key": request.config_key, "data_type": request.data_type}
    has_configuration = request.HasField("configuration")
    configuration = plain_struct(request.configuration, "configuration") if has_configuration else None
    value = typed(plain(request.config_value, FIELD), request.data_type) if request.config_key else None
    return ConfigReport(texts, configuration, value)


def _from_json(body: bytes) -> ConfigReport:
    content = json_object(body)
    if has_wide_numbers(content):
        content = exact_document(body)
    request = UpdateDeviceConfigRequest()
    texts = {name: _text(content, name, request) for name in TEXTS if _field(content, name) is not None}
    configuration = _field(content, "configuration")
    if not isinstance(configuration, dict | None):
        raise InvalidArgument("configuration", "must be a JSON object")
    if configuration is not None:
        request.configuration.SetInParent()
    if any(name in content for name in _spellings(FIELD)):
        request.config_value.SetInParent()
    # The rules of the contract, which cover all fields except the values.
    check(request)
    check_json("configuration", configuration)
    value = _field(content, FIELD)
    check_json(FIELD, value)
    return ConfigReport(texts, configuration, typed(value, request.data_type) if request.config_key else None)


def _text(content: Mapping[str, Any], name: str, request: UpdateDeviceConfigRequest) -> str:
    text = _field(content, name)
    if not isinstance(text, str):
        raise InvalidArgument(name, "must be a text")
    setattr(request, name, text)
    return text


def _field(content: Mapping[str, Any], name: str) -> Any:
    """The field by its name in the contract or its JSON name. Raises InvalidArgument if both are present and differ."""
    values = [content[spelling] for spelling in _spellings(name) if content.get(spelling) is not None]
    if len(values) > 1 and values[0] != values[1]:
        raise InvalidArgument(name, "is present by two names, with different values")
    return values[0] if values else None


def _spellings(name: str) -> set[str]:
    return {name, UpdateDeviceConfigRequest.DESCRIPTOR.fields_by_name[name].json_name}


def typed(content: Any, data_type: str) -> Any:
    """Convert the content to string, integer, float, boolean or json; empty: unchanged. Raises InvalidArgument."""
    match data_type:
        case "string":
            return content if isinstance(content, str) else orjson.dumps(content).decode()
        case "integer" | "float":
            return _number(content, whole=data_type == "integer")
        case "boolean":
            return _boolean(content)
        case "json":
            return _json(content)
    return content


def _number(content: Any, *, whole: bool) -> int | float:
    if whole and isinstance(content, str) and _WHOLE.fullmatch(content):
        content = int(content)
    if isinstance(content, int) and not isinstance(content, bool) and whole:
        check_json(FIELD, content)
        return content
    try:
        number = plain_number(float(content), FIELD)
    except (ValueError, TypeError):
        raise InvalidArgument(FIELD, f"{content!r} is not a number") from None
    if whole and number != round(number):
        raise InvalidArgument(FIELD, f"{content!r} is not a whole number")
    return int(number) if whole else number


def _boolean(content: Any) -> bool:
    word = str(content).lower()
    if word not in TRUE_WORDS + FALSE_WORDS:
        raise InvalidArgument(FIELD, f"{content!r} is not a boolean; write true or false")
    return word in TRUE_WORDS


def _json(content: Any) -> Any:
    if not isinstance(content, str):
        return content
    try:
        value = orjson.loads(content)
    except ValueError:
        raise InvalidArgument(FIELD, "is not valid JSON") from None
    check_json(FIELD, value)
    return value

"""A reported configuration value, read as its data type says."""

from typing import Any

import orjson
from google.protobuf.struct_pb2 import Value

from iotflow.v1 import device_service_pb2
from iotflow_server.devices.device import DeviceChanges
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.wire_values import check_nesting, plain, plain_number, plain_struct

FIELD = "config_value"
TRUE_WORDS, FALSE_WORDS = ("true", "1", "yes"), ("false", "0", "no", "")


def changes(request: device_service_pb2.UpdateDeviceConfigRequest) -> DeviceChanges:
    """What an UpdateDeviceConfig asks for; absent fields stay None."""
    return DeviceChanges(
        status=request.status if request.HasField("status") else None,
        location=request.location if request.HasField("location") else None,
        firmware_version=request.firmware_version if request.HasField("firmware_version") else None,
        hardware_version=request.hardware_version if request.HasField("hardware_version") else None,
        configuration=plain_struct(request.configuration, "configuration")
        if request.HasField("configuration")
        else None,
        configuration_key=(request.config_key, typed(request.config_value, request.data_type))
        if request.config_key
        else None,
    )


def typed(value: Value, data_type: str) -> Any:
    """The value as data_type says: string, integer, float, boolean, json, or empty for as it is. Raises InvalidArgument."""
    content = plain(value, FIELD)
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
        raise InvalidArgument(FIELD, "is not JSON") from None
    check_nesting(FIELD, value)
    return value

"""A field of the path cannot have another value in the query or the body, in any spelling."""

import json
from collections.abc import Iterator

import grpc
import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import MessageToDict

from iotflow.contract import methods
from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.e2e.rest.world import World


def _bindings() -> Iterator[tuple[str, str, bool]]:
    """Each REST path with a parameter: HTTP method, path, and whether the body could name the parameters."""
    for method in methods():
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        for each in (rule, *rule.additional_bindings):
            [(verb, path)] = [
                (verb, path) for verb, path in MessageToDict(each).items() if str(path).startswith("/")
            ] or [("", "")]
            if "{" in path:
                yield verb.upper(), path, _holds_the_parameters(method, each.body)


def _holds_the_parameters(method: MethodDescriptor, body: str) -> bool:
    """Whether the body could name the parameters of the path: it is the whole request, or the server decodes it."""
    if body in ("", "*"):
        return bool(body)
    content = method.input_type.fields_by_name[body].message_type
    return bool(content and content.full_name == "google.api.HttpBody")


def _spelled(name: str) -> list[str]:
    """Spellings of a field in JSON: of the contract, the other one of protobuf, and with an escape."""
    head, *rest = name.split("_")
    camel = head + "".join(part.title() for part in rest)
    return [*dict.fromkeys((name, camel, f"\\u{ord(camel[0]):04x}{camel[1:]}"))]


CASES = [
    (verb, path, part[1:-1], spelling, place)
    for verb, path, has_body in _bindings()
    for part in path.split("/")
    if part.startswith("{")
    for spelling in _spelled(part[1:-1])
    for place in (("query", "body") if has_body else ("query",))
    if place == "body" or "\\" not in spelling
]


@pytest.mark.parametrize(("verb", "path", "name", "spelling", "place"), CASES)
def test_a_path_parameter_cannot_be_overridden(
    world: World, verb: str, path: str, name: str, spelling: str, place: str
) -> None:
    who = "device" if path.startswith(("/api/v1/devices/", "/api/v1/mqtt/telemetry/")) else "admin"
    url = path
    for part in path.split("/"):
        if part.startswith("{"):
            url = url.replace(part, str(world.own.id) if part == "{device_id}" else "7")
    other = str(world.other.id)
    if place == "query":
        answer = world.call(verb, f"{url}?{spelling}={other}", who, content=b"{}" if verb != "GET" else None)
    else:
        value = json.dumps(other) if name == "group" else other
        reading = '"data": {"t": 1}, ' if "telemetry" in path else ""
        answer = world.call(verb, url, who, content=f'{{{reading}"{spelling}": {value}}}'.encode())
    # Forbidden for a device that names another one in its reading.
    assert answer.status_code in (400, 403), answer.text
    assert answer.json()["details"][0]["metadata"]["field"] == name, answer.text


@pytest.mark.parametrize("spelling", ["device_id", "deviceId"])
def test_a_parameter_may_be_repeated(world: World, spelling: str) -> None:
    body = {spelling: world.own.id, "name": "blink"}
    answer = world.call("POST", "/api/v1/admin/devices/{own}/commands", "admin", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["command"]["device_id"] == world.own.id


@pytest.mark.parametrize(
    ("verb", "path", "who", "body"),
    [
        ("POST", "/api/v1/devices/register", "nobody", {"host": "a", "tags": {}}),
        ("POST", "/api/v1/admin/devices/{own}/commands", "admin", {"command": "x"}),
        ("PUT", "/api/v1/admin/devices/{own}", "admin", {"colour": "red"}),
        ("PUT", "/api/v1/admin/devices/{own}/config", "admin", {"interval": 5}),
        ("POST", "/api/v1/gateway/presence", "admin", {"metrics": [{"name": "cpu"}]}),
    ],
)
def test_the_error_of_a_body_of_unknown_fields_names_them(
    world: World, verb: str, path: str, who: str, body: dict[str, object]
) -> None:
    answer = world.call(verb, path, who, json=body)
    assert answer.status_code == 400
    assert " The request has none of the fields " in answer.json()["message"], answer.text


NAME_RULE = (
    "name must have 1 to 100 characters, not only digits or only spaces, and none of / + # or control characters."
)
REGISTER, COMMANDS = "/api/v1/devices/register", "/api/v1/admin/devices/{own}/commands"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (REGISTER, {"name": ""}, NAME_RULE),
        (REGISTER, {"name": "", "host": "a"}, NAME_RULE),
        (REGISTER, {"name": "a/b"}, NAME_RULE),
        (COMMANDS, {"name": ""}, "name is required."),
    ],
)
def test_an_empty_field_is_present(world: World, path: str, body: dict[str, object], message: str) -> None:
    """It is named once, with its rule; missing fields are not named."""
    answer = world.call("POST", path, "admin", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"] == message


def test_an_empty_field_of_grpc_is_present(world: World) -> None:
    """Its bytes equal those of a request without the field, so missing fields are not named."""
    with (
        grpc.insecure_channel(f"127.0.0.1:{world.service.grpc_port}") as channel,
        pytest.raises(grpc.RpcError) as error,
    ):
        DeviceServiceStub(channel).RegisterDevice(RegisterDeviceRequest(name=""), timeout=10)
    assert error.value.details() == NAME_RULE


def test_a_long_message_ends_with_a_whole_word(world: World) -> None:
    message = world.call("POST", REGISTER, "nobody", json={"host": "a"}).json()["message"]
    assert message.startswith(f"{NAME_RULE} The request has none of the fields name, ")
    assert len(message) <= 200
    *_, last, dots = message.split(" ")
    assert (last, dots) in [(f"{field.name},", "…") for field in RegisterDeviceRequest.DESCRIPTOR.fields]


@pytest.mark.parametrize(
    ("verb", "path", "given", "message"),
    [
        ("GET", "/api/v1/telemetry/{own}?limit=0", None, "limit must be at least 1 and at most 10000."),
        ("GET", "/api/v1/admin/audit?page_size=0", None, "page_size must be at least 1 and at most 1000."),
        ("PUT", "/api/v1/admin/devices/{own}/status", {"status": "gone"}, "status must be one of active, "),
        ("PUT", "/api/v1/admin/devices/{own}/config", {"expected_version": 1}, "configuration is required."),
        ("POST", "/api/v1/devices/register", {"name": "a\u200bb"}, "name has "),
        ("POST", "/api/v1/devices/register", {"name": "a", "device_type": "a+"}, "device_type has "),
    ],
)
def test_a_message_names_its_field_once(
    world: World, verb: str, path: str, given: dict[str, object] | None, message: str
) -> None:
    answer = world.call(verb, path, "admin", **({"json": given} if given else {}))
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message), answer.text

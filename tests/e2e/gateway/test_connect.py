"""The Connect protocol on the port of the gateway, in its binary form."""

import base64
import json
import struct

import httpx
import pytest
from google.rpc import error_details_pb2

from iotflow.v1 import device_service_pb2 as device
from iotflow.v1 import system_service_pb2 as system
from iotflow.v1 import telemetry_pb2, telemetry_service_pb2

UNARY = {"content-type": "application/proto", "connect-protocol-version": "1", "origin": "http://page.example"}
STREAM = {**UNARY, "content-type": "application/connect+proto"}
REGISTER = "/iotflow.v1.DeviceService/RegisterDevice"
END = 0x02


def test_a_call_reaches_the_server(rest: httpx.Client) -> None:
    request = device.RegisterDeviceRequest(name="pump").SerializeToString()
    answer = rest.post(REGISTER, content=request, headers={**UNARY, "x-api-key": "secret"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/proto")
    registered = device.RegisterDeviceResponse.FromString(answer.content).device
    assert (registered.name, registered.api_key) == ("pump", "secret")


def test_an_error_has_its_details(rest: httpx.Client) -> None:
    request = device.RegisterDeviceRequest(name="taken").SerializeToString()
    answer = rest.post(REGISTER, content=request, headers=UNARY)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    [detail] = answer.json()["details"]
    info = error_details_pb2.ErrorInfo.FromString(base64.b64decode(detail["value"]))
    assert info.reason == "NAME_TAKEN"


def test_a_stream_has_messages_and_an_end(rest: httpx.Client) -> None:
    batch = telemetry_pb2.TelemetryBatch(sequence=1).SerializeToString()
    path = "/iotflow.v1.TelemetryService/StreamTelemetry"
    answer = rest.post(path, content=struct.pack(">BI", 0, len(batch)) + batch, headers=STREAM)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/connect+proto")
    kind, size = struct.unpack_from(">BI", answer.content)
    message, end = answer.content[5 : 5 + size], answer.content[5 + size :]
    assert kind == 0
    assert telemetry_service_pb2.StreamTelemetryResponse.FromString(message).committed_sequence == 1
    assert end[0] == END
    assert "error" not in json.loads(end[5:])


def test_pages_of_other_origins_may_call(rest: httpx.Client) -> None:
    asking = {
        "origin": UNARY["origin"],
        "access-control-request-method": "POST",
        "access-control-request-headers": "connect-protocol-version,connect-timeout-ms,content-type",
    }
    answer = rest.options(REGISTER, headers=asking)
    assert answer.status_code == 200
    assert {"connect-protocol-version", "connect-timeout-ms"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )


def test_a_get_calls_no_method(rest: httpx.Client) -> None:
    """Pages of other origins can make a browser send it without asking first."""
    parameters = {"connect": "v1", "encoding": "proto", "base64": "1", "message": ""}
    answer = rest.get("/iotflow.v1.SystemService/GetHealth", params=parameters)
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (404, "UNKNOWN_PATH")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_json_is_for_rest(rest: httpx.Client, content_type: str) -> None:
    headers = {**UNARY, "content-type": content_type}
    answer = rest.post("/iotflow.v1.SystemService/GetHealth", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (404, "UNKNOWN_PATH")


def test_an_unprotected_type_calls_no_method(rest: httpx.Client) -> None:
    """A page of another origin can make a browser send text/plain without asking first."""
    request = system.GetHealthRequest().SerializeToString()
    headers = {**UNARY, "content-type": "text/plain"}
    assert rest.post("/iotflow.v1.SystemService/GetHealth", content=request, headers=headers).status_code == 404

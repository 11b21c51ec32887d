"""Responses of the server to REST callers."""

import httpx
import pytest

REGISTER = "/api/v1/devices/register"
LATEST = "/api/v1/telemetry/latest"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def test_the_server_chooses_the_status(rest: httpx.Client) -> None:
    answer = rest.post(REGISTER, json={"name": "pump"}, headers={"x-api-key": "secret"})
    assert answer.status_code == 201
    assert answer.json() == {
        "message": "made",
        "device": {
            "id": 1,
            "name": "pump",
            "api_key": "secret",
            "status": "",
            "device_type": "",
            "description": "",
            "location": "",
            "firmware_version": "",
            "hardware_version": "",
        },
    }


def test_a_response_may_have_an_error_status(rest: httpx.Client) -> None:
    answer = rest.get("/health", params={"detailed": "true"})
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")


@pytest.mark.parametrize("name", ["x-http-code", "grpc-status", "grpc-message", "grpc-accept-encoding"])
def test_responses_have_no_headers_of_grpc(rest: httpx.Client, name: str) -> None:
    assert name not in rest.post(REGISTER, json={"name": "pump"}).headers


def test_errors_of_the_server_are_complete(rest: httpx.Client) -> None:
    answer = rest.post(REGISTER, json={"name": "taken"})
    assert answer.status_code == 409
    assert answer.json() == {
        "code": 6,
        "message": 'the name "taken" is taken',
        "details": [{"@type": ERROR_INFO, "reason": "NAME_TAKEN", "domain": "iotflow", "metadata": {}}],
    }


def test_a_failed_call_has_its_status_and_retry_after(rest: httpx.Client) -> None:
    answer = rest.post(REGISTER, json={"name": "busy"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert "x-http-code" not in answer.headers


def test_the_request_id_of_the_caller_is_kept(rest: httpx.Client) -> None:
    assert rest.get("/health", headers={"x-request-id": "mine"}).headers["x-request-id"] == "mine"
    assert rest.get("/health").headers["x-request-id"]


def test_a_body_may_be_other_than_json(rest: httpx.Client) -> None:
    answer = rest.get("/metrics")
    assert (answer.headers["content-type"], answer.text) == ("text/plain; version=0.0.4", "up 1\n")


def test_a_body_may_be_empty(rest: httpx.Client) -> None:
    assert rest.post("/api/v1/devices/commands/7/ack").json() == {"message": "command 7"}


@pytest.mark.parametrize(
    ("query", "ids", "fields"),
    [
        ("device_ids=1,2", [1, 2], 0),
        ("device_ids=1%2C2%2c3", [1, 2, 3], 0),
        ("device_ids=1&device_ids=2", [1, 2], 0),
        ("fields=a,b&device_ids=1,2,&device_ids=5", [1, 2, 5], 1),
        ("device_ids=", [], 0),
        ("fields=device_ids%3D1,2", [], 1),
        ("", [], 0),
    ],
)
def test_lists_of_integers_are_parsed(rest: httpx.Client, query: str, ids: list[int], fields: int) -> None:
    answer = rest.get(f"{LATEST}?{query}").json()
    assert [each["device_id"] for each in answer["devices"]] == ids
    assert answer["count"] == fields


def test_a_plus_in_a_query_is_a_space(rest: httpx.Client) -> None:
    assert rest.get("/api/v1/telemetry/1?start_time=a+b%2Bc").json()["device_name"] == "a b+c"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", LATEST), ("POST", REGISTER), ("PUT", "/api/v1/devices/config"), ("DELETE", "/api/v1/admin/devices/1")],
)
def test_pages_of_other_origins_may_call(rest: httpx.Client, method: str, path: str) -> None:
    asking = {
        "origin": "http://page.example",
        "access-control-request-method": method,
        "access-control-request-headers": "x-api-key,authorization,content-type",
    }
    answer = rest.options(path, headers=asking)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://page.example"
    assert method in answer.headers["access-control-allow-methods"]
    assert {"x-api-key", "authorization", "content-type"} <= _listed(answer, "access-control-allow-headers")


@pytest.mark.parametrize("path", [LATEST, "/nowhere"])
def test_pages_may_read_responses_and_errors(rest: httpx.Client, path: str) -> None:
    answer = rest.get(path, headers={"origin": "http://page.example"})
    assert answer.headers["access-control-allow-origin"] == "http://page.example"
    assert {"retry-after", "grpc-status", "grpc-message"} <= _listed(answer, "access-control-expose-headers")


def _listed(answer: httpx.Response, header: str) -> set[str]:
    return set(answer.headers[header].split(", "))

"""Errors of the gateway, as google.rpc.Status in JSON."""

from typing import Any

import httpx

REGISTER = "/api/v1/devices/register"
ACK = "/api/v1/devices/commands/7/ack"
ONE = "/api/v1/devices/telemetry"
TYPE = "type.googleapis.com/google.rpc."


def error(code: int, reason: str, message: str, retryable: bool = False, **metadata: str) -> dict[str, Any]:
    """The JSON of an error."""
    known = {"retryable": str(retryable).lower(), **metadata}
    info = {"@type": f"{TYPE}ErrorInfo", "reason": reason, "domain": "iotflow", "metadata": known}
    return {"code": code, "message": message, "details": [info]}


def field_error(reason: str, field: str, message: str) -> dict[str, Any]:
    """The JSON of an INVALID_ARGUMENT that names the field."""
    whole = error(3, reason, message, field=field)
    violations = [{"field": field, "description": message}]
    return {**whole, "details": [*whole["details"], {"@type": f"{TYPE}BadRequest", "field_violations": violations}]}


def check(answer: httpx.Response, status: int, expected: dict[str, Any]) -> None:
    """Assert that the response is this error, and nothing else."""
    assert answer.json() == expected
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert not [name for name in answer.headers if name.startswith("x-refused")]

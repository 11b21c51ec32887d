"""An unexpected error of a call has the status INTERNAL, and reveals nothing."""

from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from iotflow_server.interceptors.call_context import with_principal
from iotflow_server.interceptors.errors import Errors


async def test_the_caller_of_an_unexpected_error_gets_internal_without_its_message() -> None:
    aborted: list[tuple[grpc.StatusCode, str]] = []

    async def abort(code: grpc.StatusCode, message: str, **_: object) -> None:
        aborted.append((code, message))
        raise grpc.aio.AbortError

    handler: Any = SimpleNamespace(request_streaming=False, response_streaming=False)
    context = with_principal(SimpleNamespace(abort=abort, invocation_metadata=lambda: ()))  # type: ignore[arg-type]
    scope: Any = Errors().wrap("/method", handler)
    with capture_logs() as logs, pytest.raises(grpc.aio.AbortError):
        async with scope(None, context):
            raise ZeroDivisionError("a secret of the driver")
    [(code, message)] = aborted
    assert code is grpc.StatusCode.INTERNAL
    assert "secret" not in message
    assert [one["event"] for one in logs] == ["call_failed"]

"""The clock of the server is set by the answers to heartbeats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from iotflow.clock import ServerClock, heartbeat
from iotflow.connection import Connection
from iotflow.errors import ServerError
from iotflow.v1.device_service_pb2 import SendHeartbeatResponse
from iotflow.v1.device_service_pb2_grpc import DeviceServiceServicer, add_DeviceServiceServicer_to_server
from tests.support.scripted_server import WRONG_KEY
from tests.unit.client.server_time import NOW, response

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

PATIENCE = 5.0


class Server(DeviceServiceServicer):
    """Answers with the errors, in order, and then with its time. keys, statuses: of the calls."""

    def __init__(self, *errors: grpc.StatusCode) -> None:
        self._errors = list(errors)
        self.keys: list[str] = []
        self.statuses: list[str] = []

    async def SendHeartbeat(self, request: Any, context: Any) -> SendHeartbeatResponse:
        self.keys.append(dict(context.invocation_metadata()).get("x-api-key", ""))
        self.statuses.append(request.status.string_value)
        if self._errors:
            code = self._errors.pop(0)
            await context.abort(code, "away", WRONG_KEY if code is grpc.StatusCode.UNAUTHENTICATED else ())
        return response()


def answering(*errors: grpc.StatusCode) -> Server:
    return Server(*errors)  # type: ignore[abstract]


@asynccontextmanager
async def connected(server: Server, **options: Any) -> AsyncIterator[Connection]:
    running = grpc.aio.server()
    add_DeviceServiceServicer_to_server(server, running)
    port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    try:
        async with asyncio.timeout(PATIENCE), Connection(f"127.0.0.1:{port}", api_key="old", **options) as connection:
            yield connection
    finally:
        await running.stop(None)


async def test_the_server_is_asked_until_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: 0.001)
    server, clock = answering(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL), ServerClock()
    async with connected(server) as connection:
        known = asyncio.create_task(clock.known())
        await clock.run(connection)
        await known
        assert server.statuses == ["online"] * 3
        now = clock.now()
        assert now is not None
        assert 0 <= now - NOW < PATIENCE * 1_000
        # A clock that is known asks for nothing.
        await clock.run(connection)
    assert len(server.keys) == 3


async def test_another_key_is_used_for_the_clock_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: 1e6)

    async def renew(_error: ServerError) -> str:
        return "new"

    server = answering(grpc.StatusCode.UNAUTHENTICATED)
    async with connected(server, on_credential_wanted=renew) as connection:
        await ServerClock().run(connection)
    assert server.keys == ["old", "new"]


async def test_a_heartbeat_sets_a_clock_only_if_it_is_given_one() -> None:
    server, clock = answering(), ServerClock()
    async with connected(server) as connection:
        assert (await heartbeat(connection, "maintenance", None)).timestamp.ToMilliseconds() == NOW
        await heartbeat(connection, "online", clock)
    assert server.statuses == ["maintenance", "online"]
    assert clock.now() is not None

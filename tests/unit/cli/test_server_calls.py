"""The calls of a command: what a reader leaves unread is closed, and errors say what helps."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from grpc import StatusCode

from iotflow.errors import ServerError
from iotflow_cli.connections.server import Server
from iotflow_cli.connections.target import Target
from iotflow_cli.profiles.profile import Profile

# No server is at this address.
TARGET = Target("local", Profile("127.0.0.1:1"), "Start it.")


@pytest.fixture
def events() -> list[str]:
    """What was closed, in order."""
    return []


@pytest.fixture
def server(events: list[str], monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that is not there, which no iterator of these tests needs."""
    server = Server(TARGET)
    close = server.connection.close

    async def recorded() -> None:
        events.append("connection")
        await close()

    monkeypatch.setattr(server.connection, "close", recorded)
    return server


async def numbers(events: list[str]) -> AsyncIterator[int]:
    """A stream without an end."""
    try:
        for number in range(10**9):
            yield number
    finally:
        await asyncio.sleep(0)
        events.append("stream")


def test_a_stream_is_closed_before_its_connection(server: Server, events: list[str]) -> None:
    """A reader may drop its iterator even later."""
    with server:
        first, second = server.iterate(numbers(events)), server.iterate(numbers(events))
        assert (next(first), next(first), next(second)) == (0, 1, 0)
    assert events == ["stream", "stream", "connection"]
    first.close()  # type: ignore[attr-defined]
    second.close()  # type: ignore[attr-defined]
    assert events == ["stream", "stream", "connection"]


def test_a_stream_is_closed_when_its_reader_stops(server: Server, events: list[str]) -> None:
    with server:
        rows = server.iterate(numbers(events))
        assert next(rows) == 0
        rows.close()  # type: ignore[attr-defined]
        assert events == ["stream"]
    assert events == ["stream", "connection"]


def test_a_call_without_an_answer_ends_after_its_time(server: Server) -> None:
    with server, pytest.raises(ServerError, match="did not answer within 0.01 s") as error:
        server.run(asyncio.Event().wait(), 0.01)
    assert error.value.code is StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (ServerError(StatusCode.UNAVAILABLE, "Nothing is there."), "Start it. Nothing is there."),
        (ServerError(StatusCode.UNAVAILABLE, "It drains.", reason="SERVER_DRAINING"), "It drains."),
        (ServerError(StatusCode.NOT_FOUND, "No device."), "No device."),
    ],
)
def test_the_advice_is_given_where_no_server_is_there(server: Server, failure: ServerError, message: str) -> None:
    async def fail() -> None:
        raise failure

    with server, pytest.raises(ServerError) as error:
        server.run(fail())
    assert error.value.message == message

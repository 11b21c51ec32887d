"""A call to IoTDB is repeated once with a new session where the connection was lost, and only there."""

import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest
from thrift.transport.TTransport import TTransportException

from iotflow_server.telemetry.stores.iotdb.connection import PooledCall, PooledConnection
from iotflow_server.telemetry.stores.iotdb.nodes import Nodes
from iotflow_server.telemetry.stores.iotdb.session import NOT_LOGGED_IN, IotdbSession, StatementFailed

LOST = TTransportException(TTransportException.END_OF_FILE, "the server has closed the connection")
LATE = TTransportException(TTransportException.TIMED_OUT, "the server took too long")


class Session:
    """A session. has_ended: whether its connection was dropped."""

    def __init__(self) -> None:
        self.has_ended = False

    def hang_up(self) -> None:
        self.has_ended = True


class OpenedNodes:
    """Nodes that accept every session. sessions: in the order of their opening."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self.generation = 0

    def check(self) -> None:
        """No node has restarted unnoticed."""

    def expire(self, generation: int) -> None:
        self.generation = max(self.generation, generation + 1)

    def open_session(self) -> Session:
        self.sessions.append(Session())
        return self.sessions[-1]


class Work:
    """Fails with each of the errors, one after the other, and then succeeds. used: the sessions."""

    def __init__(self, *errors: BaseException) -> None:
        self._errors: Iterator[BaseException] = iter(errors)
        self.used: list[Any] = []

    def __call__(self, session: IotdbSession) -> str:
        self.used.append(session)
        for error in self._errors:
            raise error
        return "done"


class Place:
    """A connection of a pool that is open. run: a call."""

    def __init__(self) -> None:
        self.nodes = OpenedNodes()
        self.is_open = True
        self.connection = PooledConnection(cast(Nodes, self.nodes), lambda: self.is_open)

    def run(self, work: Work, call: PooledCall | None = None) -> str:
        return self.connection.run(call or PooledCall(), work)


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.mark.parametrize(
    "error", [LOST, OSError("reset"), EOFError(), StatementFailed(NOT_LOGGED_IN, "log in"), socket.gaierror()], ids=repr
)
def test_a_lost_session_is_replaced_and_the_call_repeated(place: Place, error: Exception) -> None:
    """The sessions of other connections to the server were lost with it."""
    place.run(Work())
    work = Work(error)
    assert place.run(work) == "done"
    first, second = place.nodes.sessions
    assert (work.used, first.has_ended, second.has_ended) == ([first, second], True, False)
    assert place.nodes.generation == 1


@pytest.mark.parametrize("error", [LATE, ZeroDivisionError(), KeyboardInterrupt()], ids=repr)
def test_a_call_that_failed_otherwise_is_not_repeated(place: Place, error: BaseException) -> None:
    """Its session may have a part of the response, and is dropped."""
    place.run(Work())
    work = Work(error)
    with pytest.raises(type(error)):
        place.run(work)
    assert (len(work.used), place.nodes.sessions[0].has_ended) == (1, True)
    assert place.run(Work()) == "done"
    assert len(place.nodes.sessions) == 2


def test_a_rejected_statement_keeps_its_session(place: Place) -> None:
    for work in (Work(), Work(StatementFailed(701, "wrong")), Work()):
        try:
            place.run(work)
        except StatementFailed as error:
            assert error.code == 701
    (session,) = place.nodes.sessions
    assert not session.has_ended


def test_a_call_is_repeated_only_once(place: Place) -> None:
    place.run(Work())
    work = Work(LOST, LOST)
    with pytest.raises(TTransportException):
        place.run(work)
    assert len(work.used) == 2


def test_a_new_session_that_is_lost_shows_that_the_server_is_away(place: Place) -> None:
    work = Work(LOST)
    with pytest.raises(TTransportException):
        place.run(work)
    assert len(work.used) == 1


@pytest.mark.parametrize("cause", ["the pool is closed", "the caller has gone"])
def test_a_call_whose_connection_was_cut_here_is_not_repeated(place: Place, cause: str) -> None:
    place.run(Work())
    call, work = PooledCall(), Work(LOST)
    if cause == "the pool is closed":
        place.is_open = False
    else:
        call.abandon()
    with pytest.raises(TTransportException):
        place.run(work, call)
    assert len(work.used) == 1

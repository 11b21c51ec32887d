"""One connection of the pool to IoTDB, and the calls that use it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from thrift.transport.TTransport import TTransportException

from iotflow_server.telemetry.stores.iotdb.nodes import Nodes
from iotflow_server.telemetry.stores.iotdb.session import BROKEN, NOT_LOGGED_IN, IotdbSession, StatementFailed

Params = ParamSpec("Params")
Result = TypeVar("Result")
Work = Callable[Concatenate[IotdbSession, Params], Result]

_log = structlog.get_logger(__name__)


class PooledCall:
    """Work in progress. abandoned: its caller was cancelled."""

    def __init__(self) -> None:
        self.abandoned = False
        self._connection: PooledConnection | None = None
        self._lock = Lock()

    @contextmanager
    def using(self, connection: "PooledConnection") -> Iterator[None]:
        """Inside, the call uses the connection."""
        with self._lock:
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None

    def abandon(self) -> None:
        """End the call by cutting its connection."""
        with self._lock:
            self.abandoned = True
            if self._connection is not None:
                self._connection.cut()


class PooledConnection:
    """One connection of a pool, whose session is opened on demand and reopened after failures. usable: whether the pool is
    open."""

    def __init__(self, nodes: Nodes, usable: Callable[[], bool]) -> None:
        self._nodes = nodes
        self._usable = usable
        self._session: IotdbSession | None = None
        self._generation = 0

    def run(self, call: PooledCall, work: Work[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Return the result of work(session, …), repeated once with a new session if this one was lost."""
        nodes = self._nodes
        used = self._session is not None and self._generation == nodes.generation
        try:
            return work(self._opened(), *args, **kwargs)
        except BaseException as error:
            if isinstance(error, StatementFailed) and error.code != NOT_LOGGED_IN:
                raise
            # Any other error may have left a partial response in the connection.
            self._drop()
            # A connection that was cut by this process says nothing about the server.
            if not used or call.abandoned or not _is_lost(error) or not self._usable():
                raise
        # A restarted server closes all connections; a new connection shows whether it is available.
        nodes.expire(self._generation)
        return self.run(call, work, *args, **kwargs)

    def cut(self) -> None:
        """End the connection while another thread uses it."""
        if self._session is not None:
            self._session.cut()

    def close(self) -> None:
        """Close the session in an orderly way if the server responds."""
        if self._session is not None:
            try:
                self._session.close()
            except BROKEN:
                _log.debug("session_not_closed")
            self._session = None

    def _opened(self) -> IotdbSession:
        nodes = self._nodes
        if self._generation != nodes.generation:
            self._drop()
        if self._session is None:
            # Before the first write through the new session.
            nodes.check()
            self._generation = nodes.generation
            self._session = nodes.open_session()
        return self._session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.hang_up()
            self._session = None


def _is_lost(error: BaseException) -> bool:
    """Whether a new connection may help; it does not if the server took too long."""
    if isinstance(error, TTransportException):
        return error.type not in (TTransportException.TIMED_OUT, TTransportException.SIZE_LIMIT)
    return isinstance(error, (*BROKEN, StatementFailed))

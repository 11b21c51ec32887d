"""The pool of connections to IoTDB, each used by one thread at a time."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from queue import LifoQueue

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.stores.iotdb.connection import Params, PooledCall, PooledConnection, Result, Work
from iotflow_server.telemetry.stores.iotdb.nodes import Nodes
from iotflow_server.telemetry.stores.iotdb.session import (
    BROKEN,
    WRONG_LOGIN,
    StatementFailed,
)
from iotflow_server.telemetry.stores.query_slots import query_slots

_CLOSE_SECONDS = 3.0

_log = structlog.get_logger(__name__)


class SessionPool:
    """Runs functions of a session off the event loop, and turns their failures into Unavailable.

    Up to `sessions` writes run concurrently, further ones wait; beside them up to `readers` queries, shared fairly between
    callers. Sessions are opened on demand. When one fails, it is closed, all sessions opened before it are reopened before
    their next use, and the work is repeated once with a new session: repeated work must be harmless.
    """

    def __init__(self, nodes: Nodes, sessions: int, readers: int) -> None:
        self.nodes = nodes
        self.sessions = sessions
        self._write_threads = ThreadPoolExecutor(sessions, "iotdb")
        self._read_threads = ThreadPoolExecutor(readers, "iotdb-reader")
        self._slots = query_slots(readers)
        # Last in, first out: a store with little load keeps few connections in use.
        self._idle: LifoQueue[PooledConnection] = LifoQueue()
        self.usable = True
        self._failing = False
        self._all = [PooledConnection(nodes, lambda: self.usable) for _ in range(sessions + readers)]
        for connection in self._all:
            self._idle.put(connection)

    async def close(self) -> None:
        """Wait some seconds for the calls in progress, then close all connections; later calls raise Unavailable."""
        self.usable = False
        ending = asyncio.create_task(asyncio.to_thread(self._shut_down))
        await asyncio.wait([ending], timeout=_CLOSE_SECONDS)
        if not ending.done():
            # A server that does not respond must not keep this process from ending.
            for connection in self._all:
                connection.cut()
        await ending
        await asyncio.to_thread(self._close_all)

    async def write(self, work: Work[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Return the result of work(session, …). The work must not keep the session."""
        self._check_usable()
        return await self._outcome(self._write_threads.submit(lambda: self._lend(PooledCall(), work, *args, **kwargs)))

    async def read(
        self, caller: str, work: Work[Params, Result], *args: Params.args, **kwargs: Params.kwargs
    ) -> Result:
        """As `write`, for queries: if the caller is cancelled, the query is ended by closing its connection."""
        self._check_usable()
        loop, call = asyncio.get_running_loop(), PooledCall()
        await self._slots.acquire(caller)
        try:
            # The store may have been closed during the wait.
            self._check_usable()
        except Unavailable:
            self._slots.release(caller)
            raise
        job = self._read_threads.submit(lambda: self._lend(call, work, *args, **kwargs))
        # Even if the caller is cancelled, the slot stays taken until the thread is free.
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._slots.release, caller))
        try:
            return await self._outcome(job)
        except asyncio.CancelledError:
            call.abandon()
            raise

    async def check_nodes(self) -> None:
        """Begin a new generation if a node may have restarted since the last check."""
        await self.write(lambda _: self.nodes.check())

    def _check_usable(self) -> None:
        if not self.usable:
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store is not open.")

    async def _outcome(self, job: "Future[Result]") -> Result:
        try:
            done = await asyncio.wrap_future(job)
        except (*BROKEN, StatementFailed) as error:
            self._record(repr(error))
            raise _unavailable(error) from error
        self._record("")
        return done

    def _record(self, problem: str) -> None:
        # A store that is away is called again and again: only changes are logged.
        if problem and not self._failing:
            _log.warning("store_unavailable", problem=problem)
        elif self._failing and not problem:
            _log.info("store_available")
        self._failing = bool(problem)

    def _lend(
        self, call: PooledCall, work: Work[Params, Result], *args: Params.args, **kwargs: Params.kwargs
    ) -> Result:
        connection = self._idle.get()
        try:
            with call.using(connection):
                return connection.run(call, work, *args, **kwargs)
        finally:
            self._idle.put(connection)

    def _shut_down(self) -> None:
        self._write_threads.shutdown()
        self._read_threads.shutdown()

    def _close_all(self) -> None:
        while not self._idle.empty():
            self._idle.get().close()
        self.nodes.close()


def _unavailable(error: Exception) -> Unavailable:
    if isinstance(error, StatementFailed) and error.code == WRONG_LOGIN:
        return Unavailable(
            "STORE_LOGIN_REJECTED",
            "IoTDB refuses the user or password in IOTFLOW_TELEMETRY; correct them and restart the server.",
        )
    return Unavailable("STORE_UNAVAILABLE", "The telemetry store cannot be used at the moment; see the server's log.")

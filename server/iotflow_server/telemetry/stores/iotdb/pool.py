"""The connections to IoTDB, each used by one thread at a time."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from queue import LifoQueue
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from thrift.transport.TTransport import TTransportException

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.stores.fair_slots import FairSlots
from iotflow_server.telemetry.stores.iotdb.sentinel_connections import SentinelConnections
from iotflow_server.telemetry.stores.iotdb.session import (
    BROKEN,
    NOT_LOGGED_IN,
    WRONG_LOGIN,
    IotdbAddress,
    Session,
    StatementFailed,
)

Params = ParamSpec("Params")
Result = TypeVar("Result")
Work = Callable[Concatenate[Session, Params], Result]

_CONNECT_SECONDS, _CLOSE_SECONDS = 5.0, 3.0

_log = structlog.get_logger(__name__)


class Pool:
    """Runs functions of a session off the event loop, and turns what fails into Unavailable.

    Up to `sessions` run at a time, the others wait; beside them up to `readers` questions, shared fairly between callers.
    Sessions are opened when they are needed. One that fails is closed, all others opened before it are not trusted any
    more, and the work is done once more on a new one: so work must be such that doing it twice does no harm. prepare: done
    with each new session before it is used.
    """

    def __init__(
        self,
        address: IotdbAddress,
        sessions: int,
        readers: int,
        request_seconds: float,
        prepare: Callable[[Session], None],
    ) -> None:
        self._address = address
        self._prepare = prepare
        self.sessions = sessions
        self._seconds = (min(_CONNECT_SECONDS, request_seconds), request_seconds)
        self._threads = ThreadPoolExecutor(sessions, "iotdb")
        self._asking = ThreadPoolExecutor(readers, "iotdb-reader")
        self._slots = FairSlots(readers)
        # The last used first, so that a store with little to do keeps few connections busy.
        self._holders: LifoQueue[_Holder] = LifoQueue()
        self._generation = 0
        self._witnesses = SentinelConnections(address.nodes, self._witness)
        self._turns = count()
        self.usable = True
        self._failing = False
        self._all = [_Holder(self) for _ in range(sessions + readers)]
        for holder in self._all:
            self._holders.put(holder)

    async def close(self) -> None:
        """Wait some seconds for the calls under way, then hang up; calls that come later are Unavailable."""
        self.usable = False
        ending = asyncio.create_task(asyncio.to_thread(self._shut_down))
        await asyncio.wait([ending], timeout=_CLOSE_SECONDS)
        if not ending.done():
            # Who says nothing would keep this process from ending.
            for holder in self._all:
                holder.cut()
        await ending
        await asyncio.to_thread(self._close_all)

    async def run(self, work: Work[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """What work(session, …) returns. The session is the work's own until then, and must not be kept."""
        self._check_usable()
        return await self._outcome(self._threads.submit(lambda: self._lend(_Call(), work, *args, **kwargs)))

    async def ask(self, caller: str, work: Work[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """The same of work that only asks: when the caller goes, it ends, and with it the connection."""
        self._check_usable()
        loop, call = asyncio.get_running_loop(), _Call()
        await self._slots.acquire(caller)
        try:
            # The store may have been closed during the wait.
            self._check_usable()
        except Unavailable:
            self._slots.release(caller)
            raise
        job = self._asking.submit(lambda: self._lend(call, work, *args, **kwargs))
        # Even if the caller is cancelled, the slot stays taken until the thread is free.
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._slots.release, caller))
        try:
            return await self._outcome(job)
        except asyncio.CancelledError:
            call.abandon()
            raise

    def _check_usable(self) -> None:
        if not self.usable:
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store is not open.")

    async def _outcome(self, job: "Future[Result]") -> Result:
        try:
            done = await asyncio.wrap_future(job)
        except (*BROKEN, StatementFailed) as error:
            self._say(repr(error))
            raise _refusal(error) from error
        self._say("")
        return done

    async def watch(self) -> None:
        """See whether any node has gone, and perhaps come back, since the last time; that begins a new generation."""
        await self.run(lambda _: self.look())

    @property
    def generation(self) -> int:
        """Sessions of an earlier one are not used any more."""
        return self._generation

    def look(self) -> None:
        """What watch does, by a thread of the pool."""
        generation = self._generation
        if not self._witnesses.stand():
            self.expire(generation)

    def expire(self, generation: int) -> None:
        """Have every session of this generation made anew before it is used again."""
        self._generation = max(self._generation, generation + 1)

    def open_session(self) -> Session:
        """A session with the first node that answers, beginning with another one each time."""
        nodes = self._address.nodes
        turn = next(self._turns) % len(nodes)
        failure: Exception | None = None
        for node in (*nodes[turn:], *nodes[:turn]):
            try:
                session = Session(node, self._address, *self._seconds)
            except BROKEN as error:
                failure = error
            else:
                return self._prepared(session)
        raise failure or ValueError("no nodes")

    def _witness(self, node: str) -> Session:
        seconds, _ = self._seconds
        return Session(node, self._address, seconds, seconds)

    def _prepared(self, session: Session) -> Session:
        try:
            self._prepare(session)
        except BaseException:
            session.hang_up()
            raise
        return session

    def _say(self, problem: str) -> None:
        # Whoever is away is asked again and again; only the first answer is news.
        if problem and not self._failing:
            _log.warning("store_unavailable", problem=problem)
        elif self._failing and not problem:
            _log.info("store_available")
        self._failing = bool(problem)

    def _lend(self, call: "_Call", work: Work[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        holder = self._holders.get()
        try:
            with call.by(holder):
                return holder.run(call, work, *args, **kwargs)
        finally:
            self._holders.put(holder)

    def _shut_down(self) -> None:
        self._threads.shutdown()
        self._asking.shutdown()

    def _close_all(self) -> None:
        while not self._holders.empty():
            self._holders.get().close()
        self._witnesses.dismiss()


class _Call:
    """Work under way. abandoned: nobody waits for it any more."""

    def __init__(self) -> None:
        self.abandoned = False
        self._holder: _Holder | None = None
        self._lock = Lock()

    @contextmanager
    def by(self, holder: "_Holder") -> Iterator[None]:
        """Inside, the holder's connection is this call's."""
        with self._lock:
            self._holder = holder
        try:
            yield
        finally:
            with self._lock:
                self._holder = None

    def abandon(self) -> None:
        """End it: the connection under it is cut."""
        with self._lock:
            self.abandoned = True
            if self._holder is not None:
                self._holder.cut()


class _Holder:
    """Stands for one connection, which it makes and makes anew."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._session: Session | None = None
        self._generation = 0

    def run(self, call: _Call, work: Work[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        used = self._session is not None and self._generation == self._pool.generation
        try:
            return work(self._opened(), *args, **kwargs)
        except BaseException as error:
            if isinstance(error, StatementFailed) and error.code != NOT_LOGGED_IN:
                raise
            # Whatever else it was, it may have left half an answer in the connection.
            self._drop()
            # A connection that was cut here says nothing of the server.
            if not used or call.abandoned or not _is_lost(error) or not self._pool.usable:
                raise
        # A server that was started again hangs up on everybody. A new connection tells whether it is there.
        self._pool.expire(self._generation)
        return self.run(call, work, *args, **kwargs)

    def cut(self) -> None:
        """Under the thread that uses it."""
        if self._session is not None:
            self._session.cut()

    def close(self) -> None:
        """Say goodbye, if there is somebody to say it to."""
        if self._session is not None:
            try:
                self._session.close()
            except BROKEN:
                _log.debug("goodbye_unheard")
            self._session = None

    def _opened(self) -> Session:
        if self._generation != self._pool.generation:
            self._drop()
        if self._session is None:
            # Before anything is written through it.
            self._pool.look()
            self._generation = self._pool.generation
            self._session = self._pool.open_session()
        return self._session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.hang_up()
            self._session = None


def _refusal(error: Exception) -> Unavailable:
    if isinstance(error, StatementFailed) and error.code == WRONG_LOGIN:
        return Unavailable("STORE_LOGIN_REFUSED", "IoTDB refuses the user or password in IOTFLOW_TELEMETRY.")
    return Unavailable("STORE_UNAVAILABLE", "The telemetry store cannot be used at the moment.")


def _is_lost(error: BaseException) -> bool:
    """Whether a new connection may help; it does not where the server took too long."""
    if isinstance(error, TTransportException):
        return error.type not in (TTransportException.TIMED_OUT, TTransportException.SIZE_LIMIT)
    return isinstance(error, (*BROKEN, StatementFailed))

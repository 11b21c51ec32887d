"""The streams that are open, so that they can be ended: when the server goes down, or a device is cut off."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from iotflow_server.access import Caller
from iotflow_server.errors import Refusal, Unauthenticated, Unavailable


class Session:
    """One open stream. `ended` has the reason when it is to end."""

    def __init__(self, who: Caller) -> None:
        self.who = who
        self.ended: asyncio.Future[Refusal] = asyncio.get_running_loop().create_future()

    def end(self, refusal: Refusal) -> None:
        """Ask the stream to end with this; only the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(refusal)

    @property
    def refusal(self) -> Refusal | None:
        """Why the stream is to end, or None while it may go on."""
        return self.ended.result() if self.ended.done() else None


class Sessions:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._open: set[Session] = set()
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Session]:
        """Those that are open now."""
        return iter(list(self._open))

    @property
    def draining(self) -> bool:
        """Whether the server is going down."""
        return self._draining

    @asynccontextmanager
    async def open(self, who: Caller) -> AsyncIterator[Session]:
        """A stream of this caller until the block is left; ended when the caller's token expires."""
        if self._draining:
            raise going_down()
        session = Session(who)
        self._open.add(session)
        self._empty.clear()
        expiry = _end_when_expired(session)
        try:
            yield session
        finally:
            if expiry:
                expiry.cancel()
            self._open.discard(session)
            if not self._open:
                self._empty.set()

    def cut_off(self, owner: str, refusal: Refusal) -> None:
        """End every stream of a caller at once."""
        for session in self._open:
            if session.who.name == owner:
                session.end(refusal)

    async def drain(self, timeout: float) -> None:
        """End all streams and wait for them, at most timeout seconds."""
        self._draining = True
        for session in self._open:
            session.end(going_down())
        try:
            async with asyncio.timeout(timeout):
                await self._empty.wait()
        except TimeoutError:
            return


def _end_when_expired(session: Session) -> asyncio.TimerHandle | None:
    if session.who.expires_at is None:
        return None
    left = (session.who.expires_at - datetime.now(UTC)).total_seconds()
    return asyncio.get_running_loop().call_later(left, session.end, Unauthenticated("WRONG_TOKEN", "the token expired"))


def going_down() -> Unavailable:
    """What callers are told while the server drains."""
    return Unavailable(
        "SERVER_DRAINING", "the server is going down; connect again and resend what was not acknowledged"
    )

"""The streams that are open, so that they can be ended: when the server goes down, or a device is cut off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime

from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import utc_now
from iotflow_server.errors import DomainError, Unauthenticated, Unavailable


class Session:
    """One open stream. `ended` has the reason when it is to end."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.ended: asyncio.Future[DomainError] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    def end(self, refusal: DomainError) -> None:
        """Ask the stream to end with this; only the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(refusal)

    def end_at(self, moment: datetime | None, refusal: DomainError) -> None:
        """Have it end then; None: no more. Takes the place of what was said before."""
        self.close()
        if moment is not None:
            left = (moment - utc_now()).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(left, self.end, refusal)

    def close(self) -> None:
        """It has ended, and waits for no moment any more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    @property
    def refusal(self) -> DomainError | None:
        """Why the stream is to end, or None while it may go on."""
        return self.ended.result() if self.ended.done() else None


class Sessions:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._open: set[Session] = set()
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()
        self._listeners: list[Callable[[Session], None]] = []

    def on_open(self, listener: Callable[[Session], None]) -> None:
        """Call listener with every stream that is opened from now on."""
        self._listeners.append(listener)

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
    async def open(self, principal: Principal) -> AsyncIterator[Session]:
        """A stream of this caller until the block is left; ended when the caller's token or key is no longer valid."""
        if self._draining:
            raise going_down()
        session = Session(principal)
        self._open.add(session)
        self._empty.clear()
        session.end_at(principal.valid_until, void(principal))
        for listener in self._listeners:
            listener(session)
        try:
            yield session
        finally:
            session.close()
            self._open.discard(session)
            if not self._open:
                self._empty.set()

    def cut_off(self, owner: str, refusal: DomainError) -> None:
        """End every stream of a caller at once."""
        for session in self._open:
            if session.principal.name == owner:
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


def void(principal: Principal) -> Unauthenticated:
    """What a stream ends with whose caller's credential is no longer valid."""
    if principal.key:
        return Unauthenticated("WRONG_KEY", "this key was replaced and its grace is over; use the device's new key")
    return Unauthenticated("WRONG_TOKEN", "the token was revoked or has expired")


def going_down() -> Unavailable:
    """What callers are told while the server drains."""
    return Unavailable(
        "SERVER_DRAINING", "the server is going down; connect again and resend what was not acknowledged"
    )

"""The open streams of this process. The server ends them when it drains, or when a caller loses its access."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import utc_now
from iotflow_server.errors import DomainError, Unauthenticated, Unavailable
from iotflow_server.presence.last_seen import LastSeen


class ActiveStream:
    """One open stream. `ended` completes with the error that the stream is to end with."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.ended: asyncio.Future[DomainError] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    def end(self, error: DomainError) -> None:
        """Request the end of the stream with this error. Later requests have no effect."""
        if not self.ended.done():
            self.ended.set_result(error)

    def schedule_end(self, moment: datetime | None, error: DomainError) -> None:
        """Request the end at this time; None: at no time. Replaces an earlier schedule."""
        self.close()
        if moment is not None:
            left = (moment - utc_now()).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(left, self.end, error)

    def close(self) -> None:
        """Cancel the scheduled end."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    @property
    def end_error(self) -> DomainError | None:
        """The error that the stream is to end with; None: the stream may continue."""
        return self.ended.result() if self.ended.done() else None


class ActiveStreams:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._open: set[ActiveStream] = set()
        self._by_owner: dict[str, set[ActiveStream]] = {}
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()
        self._listeners: list[Callable[[ActiveStream], None]] = []

    def on_open(self, listener: Callable[[ActiveStream], None]) -> None:
        """Call listener with every stream that opens from now on."""
        self._listeners.append(listener)

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[ActiveStream]:
        """The streams that are open at the time of the call."""
        return iter(list(self._open))

    def of(self, owner: str) -> Sequence[ActiveStream]:
        """The streams of a caller that are open at the time of the call. owner: the name of its principal."""
        return list(self._by_owner.get(owner, ()))

    @property
    def draining(self) -> bool:
        """Whether the server is draining."""
        return self._draining

    @asynccontextmanager
    async def open(self, principal: Principal) -> AsyncIterator[ActiveStream]:
        """Open a stream of this caller, until the block is left. The stream ends when the caller's token or key expires."""
        if self._draining:
            raise server_draining()
        stream = ActiveStream(principal)
        self._add(stream)
        stream.schedule_end(principal.valid_until, credential_expired(principal))
        for listener in self._listeners:
            listener(stream)
        try:
            yield stream
        finally:
            stream.close()
            self._remove(stream)

    def _add(self, stream: ActiveStream) -> None:
        self._open.add(stream)
        self._by_owner.setdefault(stream.principal.name, set()).add(stream)
        self._empty.clear()

    def _remove(self, stream: ActiveStream) -> None:
        self._open.remove(stream)
        owned = self._by_owner[stream.principal.name]
        owned.remove(stream)
        if not owned:
            del self._by_owner[stream.principal.name]
        if not self._open:
            self._empty.set()

    async def drain(self, timeout: float) -> None:
        """Reject new streams, end the open ones and wait until they are closed, at most timeout seconds."""
        self._draining = True
        for stream in self._open:
            stream.end(server_draining())
        try:
            async with asyncio.timeout(timeout):
                await self._empty.wait()
        except TimeoutError:
            return


def credential_expired(principal: Principal) -> Unauthenticated:
    """The error of a stream whose key or token is no longer valid."""
    if principal.key:
        return Unauthenticated(
            "WRONG_KEY", "The key was replaced and its grace period is over. Use the device's new key."
        )
    return Unauthenticated("WRONG_TOKEN", "The token was revoked or has expired.")


def server_draining() -> Unavailable:
    """The error of streams and calls while the server drains."""
    return Unavailable(
        "SERVER_DRAINING", "The server is shutting down. Connect again and resend unacknowledged messages."
    )


class StreamPresence:
    """Keeps devices with an open stream online, even if they send nothing. interval: seconds, less than the online window."""

    def __init__(self, active_streams: ActiveStreams, last_seen: LastSeen, interval: float) -> None:
        self._active_streams = active_streams
        self._last_seen = last_seen
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Record at the interval, until close."""
        self._task = asyncio.create_task(self._record_repeatedly(), name="stream presence")

    async def close(self) -> None:
        """Stop recording."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _record_repeatedly(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            for stream in self._active_streams:
                if stream.principal.device:
                    self._last_seen.record(stream.principal.device.id)

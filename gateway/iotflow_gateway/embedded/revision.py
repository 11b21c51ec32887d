"""Looks again at who is connected to the embedded broker: when an account changes, and when a key ends."""

import asyncio
from datetime import UTC, datetime

from amqtt.session import Session

from iotflow_gateway.embedded.guard import AuthUnavailable, Guard
from iotflow_gateway.embedded.sessions import Sessions
from iotflow_gateway.embedded.state import owner, state

# Until the server is asked again, if it was away, or if it still takes a key that has ended by this machine's clock.
AGAIN_SECONDS = 1.0


class ConnectionReview:
    """A device that is removed loses its sessions; one that is suspended, or whose key is void, its connections."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        # By device, in the order in which they came: whether it was removed.
        self._suspects: dict[int, bool] = {}
        # By device: when it is to be looked at once more.
        self._later: dict[int, asyncio.TimerHandle] = {}
        self._news = asyncio.Event()

    def suspect(self, device_id: int, *, removed: bool = False) -> None:
        """Something about this device has changed, or is about to."""
        self._suspects[device_id] = removed or self._suspects.get(device_id, False)
        self._news.set()

    def opened(self, session: Session) -> None:
        """A client has come; its device may have changed since it was let in."""
        if device_id := owner(session):
            self.suspect(device_id)

    async def run(self, sessions: Sessions) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._suspects:
                device_id, removed = next(iter(self._suspects.items()))
                del self._suspects[device_id]
                if removed:
                    await sessions.remove(device_id)
                else:
                    await self._revise(sessions, device_id)

    async def _revise(self, sessions: Sessions, device_id: int) -> None:
        for session in filter(sessions.is_connected, sessions.of(device_id)):
            try:
                login = await self._guard.admits(session.username or "", session.password or "")
            except AuthUnavailable:
                self._suspect_later(device_id, AGAIN_SECONDS)
                return
            if login is None:
                await sessions.cut_off(session)
                continue
            state(session).login = login
            if login.key_ends_at:
                left = (login.key_ends_at - datetime.now(UTC)).total_seconds()
                self._suspect_later(device_id, max(left, AGAIN_SECONDS))

    def _suspect_later(self, device_id: int, seconds: float) -> None:
        """One timer a device, however often it connects."""
        loop = asyncio.get_running_loop()
        before = self._later.get(device_id)
        if before and before.when() <= loop.time() + seconds:
            return
        if before:
            before.cancel()
        self._later[device_id] = loop.call_later(seconds, self._is_later, device_id)

    def _is_later(self, device_id: int) -> None:
        del self._later[device_id]
        self.suspect(device_id)

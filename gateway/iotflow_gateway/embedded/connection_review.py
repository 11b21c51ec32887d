"""Authenticates connected clients again, after a change of their account and at the end of their key."""

import asyncio
from datetime import UTC, datetime

from amqtt.session import Session

from iotflow_gateway.embedded.access_control import AccessControl, AuthUnavailable
from iotflow_gateway.embedded.session_state import device_of, state
from iotflow_gateway.embedded.sessions import Sessions

# Delay until the next attempt if the server was unavailable, or if it still accepts a key that has ended by this machine's clock.
AGAIN_SECONDS = 1.0


class ConnectionReview:
    """A removed device loses its sessions. A suspended device, or one with an invalid key, loses its connections."""

    def __init__(self, access: AccessControl) -> None:
        self._access = access
        # Devices to review, in order, each with whether it was removed.
        self._pending: dict[int, bool] = {}
        # The timers of later reviews, by device.
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._changed = asyncio.Event()

    def schedule(self, device_id: int, *, removed: bool = False) -> None:
        """Review the connections of a device."""
        self._pending[device_id] = removed or self._pending.get(device_id, False)
        self._changed.set()

    def schedule_session(self, session: Session) -> None:
        """Review a new session: its device may have changed since the session was authenticated."""
        if device_id := device_of(session):
            self.schedule(device_id)

    async def run(self, sessions: Sessions) -> None:
        """Run until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._pending:
                device_id, removed = next(iter(self._pending.items()))
                del self._pending[device_id]
                if removed:
                    await sessions.remove_device(device_id)
                else:
                    await self._review(sessions, device_id)

    async def _review(self, sessions: Sessions, device_id: int) -> None:
        for session in filter(sessions.is_connected, sessions.of(device_id)):
            try:
                login = await self._access.authenticate(session.username or "", session.password or "")
            except AuthUnavailable:
                self._schedule_later(device_id, AGAIN_SECONDS)
                return
            if login is None:
                await sessions.disconnect(session)
                continue
            state(session).login = login
            if login.key_ends_at:
                left = (login.key_ends_at - datetime.now(UTC)).total_seconds()
                self._schedule_later(device_id, max(left, AGAIN_SECONDS))

    def _schedule_later(self, device_id: int, seconds: float) -> None:
        """Set the timer of a device, of which it has one regardless of the number of its connections."""
        loop = asyncio.get_running_loop()
        before = self._timers.get(device_id)
        if before and before.when() <= loop.time() + seconds:
            return
        if before:
            before.cancel()
        self._timers[device_id] = loop.call_later(seconds, self._timer_expired, device_id)

    def _timer_expired(self, device_id: int) -> None:
        del self._timers[device_id]
        self.schedule(device_id)

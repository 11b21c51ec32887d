"""Authenticates connected clients again, after a change of their account and at the end of their key."""

import asyncio
from datetime import UTC, datetime

from iotflow_gateway.endpoint.access_control import AccessControl, AuthUnavailable, Login
from iotflow_gateway.endpoint.session import Session
from iotflow_gateway.endpoint.sessions import Sessions

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
        # The number of changes of accounts so far.
        self.changes = 0

    def schedule(self, device_id: int, *, removed: bool = False) -> None:
        """Review the connections of a device whose account has changed."""
        self.changes += 1
        self._add(device_id, removed=removed)

    def schedule_session(self, session: Session, changes: int) -> None:
        """Review a new session if any account has changed since its authentication began, and at the end of its key. changes: their
        number then."""
        if session.device_id and changes != self.changes:
            self._add(session.device_id)
        self._schedule_end(session.login)

    async def run(self, sessions: Sessions) -> None:
        """Run until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._pending:
                device_id, removed = next(iter(self._pending.items()))
                del self._pending[device_id]
                if removed:
                    sessions.remove_device(device_id)
                else:
                    await self._review(sessions, device_id)

    def _add(self, device_id: int, *, removed: bool = False) -> None:
        self._pending[device_id] = removed or self._pending.get(device_id, False)
        self._changed.set()

    async def _review(self, sessions: Sessions, device_id: int) -> None:
        for session in sessions.of(device_id):
            # The account's names may have changed, which allow its topics.
            session.addresses.clear()
            if session.client is None:
                continue
            try:
                login = await self._access.authenticate(
                    session.login.username, session.password, session.login.certificate
                )
            except AuthUnavailable:
                self._schedule_later(device_id, AGAIN_SECONDS)
                return
            # The name of a certificate may be that of another device by now.
            if login is None or login.device_id != device_id:
                sessions.disconnect(session)
                continue
            session.login = login
            self._schedule_end(login)

    def _schedule_end(self, login: Login) -> None:
        if login.key_ends_at:
            left = (login.key_ends_at - datetime.now(UTC)).total_seconds()
            self._schedule_later(login.device_id, max(left, AGAIN_SECONDS))

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
        self._add(device_id)

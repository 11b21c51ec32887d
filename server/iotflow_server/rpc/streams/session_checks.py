"""Ends the streams of those who are let in no longer: the registry tells who they are."""

import asyncio
from collections.abc import Sequence

import structlog

from iotflow.words import DeviceStatus
from iotflow_server.auth.tokens import Tokens
from iotflow_server.devices.keys import DeviceKeys, KeyPair
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import PermissionDenied, Unavailable
from iotflow_server.rpc.streams.sessions import Session, Sessions, void

RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class SessionChecks:
    """Devices that this process changes are checked by a task of its own; what others change, by whoever hears of it."""

    def __init__(self, registry: Registry, keys: DeviceKeys, tokens: Tokens, sessions: Sessions) -> None:
        self._keys = keys
        self._tokens = tokens
        self._sessions = sessions
        self._changed: set[int] = set()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        registry.on_change(self.changed)
        # The key may have been replaced since it was looked up.
        sessions.on_open(lambda session: self.changed(device_of(session)))

    async def start(self) -> None:
        """Check from now on, until close."""
        self._task = asyncio.create_task(self._check_changed(), name="streams of changed devices")

    async def close(self) -> None:
        """Check no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def changed(self, device_id: int) -> None:
        """This device was changed, or has opened a stream. Never waits. 0: it is none."""
        if device_id:
            self._changed.add(device_id)
            self._news.set()

    async def of_device(self, device_id: int) -> None:
        """End or limit its streams. Raises Unavailable."""
        await self._devices([session for session in self._sessions if device_of(session) == device_id])

    async def of_token(self, token_id: int) -> None:
        """End the streams of a token that is gone. Raises Unavailable."""
        await self._of_tokens([session for session in self._sessions if session.principal.token_id == token_id])

    async def of_all(self) -> None:
        """Of all devices and tokens. Raises Unavailable."""
        await self._devices([session for session in self._sessions if device_of(session)])
        await self._of_tokens([session for session in self._sessions if session.principal.token_id])

    async def _check_changed(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            changed, self._changed = self._changed, set()
            try:
                await self._devices([session for session in self._sessions if device_of(session) in changed])
            except Unavailable:
                self._changed |= changed
                await asyncio.sleep(RETRY_SECONDS)
                self._news.set()
            except Exception:
                log.exception("streams of changed devices were not checked")

    async def _devices(self, sessions: Sequence[Session]) -> None:
        if not sessions:
            return
        ids = sorted({device_of(session) for session in sessions})
        pairs = await self._keys.pairs(ids)
        for session in sessions:
            _check(session, pairs.get(device_of(session)))

    async def _of_tokens(self, sessions: Sequence[Session]) -> None:
        valid = {token.id for token in await self._tokens.list()} if sessions else set()
        for session in sessions:
            if session.principal.token_id not in valid:
                session.end(void(session.principal))


def device_of(session: Session) -> int:
    """Its id; 0: it is no device's stream."""
    return session.principal.key.id if session.principal.key else 0


def _check(session: Session, pair: KeyPair | None) -> None:
    """End it now, or when its key's grace ends. pair: its device's; None: the device was removed."""
    key = session.principal.key
    if pair is None:
        session.end(PermissionDenied("DEVICE_REMOVED", "the device was removed"))
    elif pair.status == DeviceStatus.INACTIVE:
        session.end(PermissionDenied("DEVICE_INACTIVE", "the device was set inactive"))
    elif key and pair.holds(key.hash):
        session.end_at(pair.end_of(key.hash), void(session.principal))
    else:
        session.end(void(session.principal))

"""Rechecks the credentials of open streams after changes of devices and tokens, and ends streams without a valid one."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from iotflow.words import DeviceStatus
from iotflow_server.auth.tokens import Tokens
from iotflow_server.devices.keys import DeviceKeys, KeyPair
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import PermissionDenied, Unavailable
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams, credential_expired

RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class CredentialRechecks:
    """A change of a device by this process returns after the recheck of the device's streams. A background task repeats the
    recheck if it fails, and checks new streams. For changes of other processes, the receiver of the notification calls
    recheck_device, recheck_token or recheck_all."""

    def __init__(self, registry: Registry, keys: DeviceKeys, tokens: Tokens, active_streams: ActiveStreams) -> None:
        self._keys = keys
        self._tokens = tokens
        self._active_streams = active_streams
        self._changed: set[int] = set()
        self._pending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        registry.on_change(self.schedule)
        registry.await_on_change(self.recheck_changed)
        # The key may have been replaced between its lookup and the start of the stream.
        active_streams.on_open(lambda stream: self.schedule(device_of(stream)))

    async def start(self) -> None:
        """Run the background task, until close."""
        self._task = asyncio.create_task(self._recheck_changed(), name="credential rechecks")

    async def close(self) -> None:
        """Stop the background task."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def schedule(self, device_id: int) -> None:
        """Schedule a recheck of the device's streams. Never waits. An id of 0 is ignored."""
        if device_id:
            self._changed.add(device_id)
            self._pending.set()

    async def recheck_changed(self, device_id: int) -> None:
        """As recheck_device. If the database is unavailable, the background task does it later: the change is already stored."""
        with suppress(Unavailable):
            await self.recheck_device(device_id)

    async def recheck_device(self, device_id: int) -> None:
        """End the device's streams, or limit them to the validity of their keys. Raises Unavailable."""
        await self._recheck_devices(self._active_streams.of(f"device:{device_id}"))

    async def recheck_token(self, token_id: int) -> None:
        """End the token's streams if the token was revoked or has expired. Raises Unavailable."""
        await self._recheck_tokens([one for one in self._active_streams if one.principal.token_id == token_id])

    async def recheck_all(self) -> None:
        """Recheck the streams of all devices and tokens. Raises Unavailable."""
        await self._recheck_devices([stream for stream in self._active_streams if device_of(stream)])
        await self._recheck_tokens([stream for stream in self._active_streams if stream.principal.token_id])

    async def _recheck_changed(self) -> None:
        while True:
            await self._pending.wait()
            self._pending.clear()
            changed, self._changed = self._changed, set()
            try:
                await self._recheck_devices([one for one in self._active_streams if device_of(one) in changed])
            except Unavailable:
                self._changed |= changed
                await asyncio.sleep(RETRY_SECONDS)
                self._pending.set()
            except Exception:
                # Without the task, streams would outlive their credentials.
                log.exception("credential_recheck_failed", devices=sorted(changed))

    async def _recheck_devices(self, streams: Sequence[ActiveStream]) -> None:
        if not streams:
            return
        ids = sorted({device_of(stream) for stream in streams})
        pairs = await self._keys.pairs(ids)
        for stream in streams:
            _recheck(stream, pairs.get(device_of(stream)))

    async def _recheck_tokens(self, streams: Sequence[ActiveStream]) -> None:
        valid = {token.id for token in await self._tokens.list()} if streams else set()
        for stream in streams:
            if stream.principal.token_id not in valid:
                stream.end(credential_expired(stream.principal))


def device_of(stream: ActiveStream) -> int:
    """The id of the calling device; 0: the caller is not a device."""
    return stream.principal.key.id if stream.principal.key else 0


def _recheck(stream: ActiveStream, pair: KeyPair | None) -> None:
    """End the stream now, or at the end of its key's grace period. pair: the keys of the device; None: it was removed."""
    key = stream.principal.key
    if pair is None:
        stream.end(PermissionDenied("DEVICE_REMOVED", "The device was removed."))
    elif pair.status == DeviceStatus.INACTIVE:
        stream.end(PermissionDenied("DEVICE_INACTIVE", "The device was set inactive."))
    elif key and pair.holds(key.hash):
        stream.schedule_end(pair.end_of(key.hash), credential_expired(stream.principal))
    else:
        stream.end(credential_expired(stream.principal))

"""Exchange of sightings between server processes, ahead of the devices' rows."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import structlog

from iotflow_server.devices.device import utc_now
from iotflow_server.errors import Unavailable
from iotflow_server.presence.last_seen import LastSeen, Sightings
from iotflow_server.presence.online import Online

# Devices recorded in one step of the event loop. Readings are processed between the steps.
PIECE = 10_000

log = structlog.get_logger(__name__)


class PresenceBoard(Protocol):
    """The medium through which server processes exchange sightings."""

    async def exchange(self, own: Sightings | None) -> Sequence[Sightings]:
        """Publish the sightings of this process; return those of other processes since the last call.

        The first call, and a call after a failed one, return the sightings of the last seconds, so that sightings are
        repeated only after a failure. Raises Unavailable: the sightings may not have been published.
        """


class PresenceExchange:
    """interval: seconds between two exchanges, and therefore the approximate delay of remote sightings.

    A failed exchange is not repeated: the sightings are in the devices' rows by then.
    """

    def __init__(self, last_seen: LastSeen, online: Online, board: PresenceBoard, interval: float = 1.0) -> None:
        self._last_seen = last_seen
        self._online = online
        self._board = board
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the exchange, which runs until close."""
        self._task = asyncio.create_task(self._exchange_regularly(), name="presence exchange")

    async def close(self) -> None:
        """Stop the exchange. The devices' rows hold the remaining sightings."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _exchange_regularly(self) -> None:
        while True:
            try:
                await self._exchange()
            except Unavailable as refusal:
                # The connection logs the failure itself.
                log.debug("presence_exchange_skipped", reason=refusal.reason)
            except Exception:
                # Without the task, other processes would see every sighting late.
                log.exception("presence_exchange_failed")
            await asyncio.sleep(self._interval)

    async def _exchange(self) -> None:
        for sightings in await self._board.exchange(self._drain_changes()):
            self._online.record_remote(sightings.sessions)
            for first in range(0, len(sightings.device_ids), PIECE):
                self._last_seen.record_remote(Sightings(sightings.at, sightings.device_ids[first : first + PIECE]))
                await asyncio.sleep(0)

    def _drain_changes(self) -> Sightings | None:
        sightings, sessions = self._last_seen.drain_changes(), self._online.drain_changes()
        if not sessions:
            return sightings
        empty = Sightings(utc_now(), np.empty(0, np.int64))
        return replace(sightings or empty, sessions=sessions)

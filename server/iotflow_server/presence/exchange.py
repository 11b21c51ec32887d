"""What one server process hears of devices, told to the others before it stands in the devices' rows."""

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

# Devices noted at a time; readings go on in between.
PIECE = 10_000

log = structlog.get_logger(__name__)


class PresenceBoard(Protocol):
    """Where server processes tell each other which devices they heard."""

    async def exchange(self, heard: Sightings | None) -> Sequence[Sightings]:
        """Tell the others, and answer what they have told since the last call; at the first call, and after one that
        failed, what they told in the last seconds. Nothing is told twice but after failures. Raises Unavailable: it may
        not have been told."""


class PresenceExchange:
    """interval: seconds between two exchanges, and so about what the others are behind.

    What cannot be told is not told later: by then it stands in the devices' rows.
    """

    def __init__(self, presence: LastSeen, online: Online, board: PresenceBoard, interval: float = 1.0) -> None:
        self._presence = presence
        self._online = online
        self._board = board
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Exchange from now on, until close."""
        self._task = asyncio.create_task(self._exchange_regularly(), name="presence exchange")

    async def close(self) -> None:
        """What was not told is for the rows to say."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _exchange_regularly(self) -> None:
        while True:
            try:
                await self._exchange()
            except Unavailable as refusal:
                # The connection's log has it already.
                log.debug("presence not exchanged", reason=refusal.reason)
            except Exception:
                # Without it the others would know late for ever.
                log.exception("presence exchange failed")
            await asyncio.sleep(self._interval)

    async def _exchange(self) -> None:
        for heard in await self._board.exchange(self._news()):
            self._online.said_elsewhere(heard.said)
            for first in range(0, len(heard.device_ids), PIECE):
                self._presence.heard_elsewhere(Sightings(heard.at, heard.device_ids[first : first + PIECE]))
                await asyncio.sleep(0)

    def _news(self) -> Sightings | None:
        heard, said = self._presence.drain_changes(), self._online.drain_changes()
        if not said:
            return heard
        nobody = Sightings(utc_now(), np.empty(0, np.int64))
        return replace(heard or nobody, said=said)

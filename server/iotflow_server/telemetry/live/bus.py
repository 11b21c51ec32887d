"""The port between the server's processes: what one of them stores, all of them tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from iotflow_server.telemetry.live.events import LiveReadings
from iotflow_server.telemetry.live.feed import LiveFeed
from iotflow_server.telemetry.outcome import Stored


@dataclass(frozen=True, slots=True)
class BusState:
    """For the health page and the metrics.

    degraded: other processes hear this one late, and it hears them late, or not at all; message says why. backlog_bytes:
    what waits to be published. dropped: readings that did not get to others, or from others, since the start.
    """

    degraded: bool = False
    message: str = ""
    backlog_bytes: int = 0
    dropped: int = 0


class LiveBus(Protocol):
    """Tells the feeds of all processes what is stored, each device's readings in the order of storing.

    A feed is told whenever something did not get to it: by LiveFeed.lose how much, by LiveFeed.set_state while more of that
    is to be expected.
    """

    async def start(self) -> None:
        """Begin to tell the feed; the line to others may be down."""

    async def close(self) -> None:
        """Stop telling the feed. Nothing is published any more."""

    async def publish(self, stored: Sequence[Stored]) -> None:
        """Pass on what this process has stored.

        Returns within a bounded time, whatever happens, and does not raise. By then whatever any process stores of the same
        devices comes behind it, unless the bus is degraded.
        """

    async def check(self) -> str:
        """Why it is degraded, as a sentence; empty: it is not."""

    @property
    def state(self) -> BusState:
        """How it is now."""


class DirectBus:
    """The bus of a single process: there are no others to tell."""

    def __init__(self, feed: LiveFeed) -> None:
        self._feed = feed
        self.state = BusState()

    async def start(self) -> None:
        """There is nothing to start."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def publish(self, stored: Sequence[Stored]) -> None:
        if self._feed.subscribers:
            self._feed.tell([LiveReadings(one.device, one.batch) for one in stored])

    async def check(self) -> str:
        return ""

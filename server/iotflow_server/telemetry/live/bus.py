"""The port between server processes: readings stored by one process reach the subscribers of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from iotflow_server.telemetry.live.events import LiveReadings
from iotflow_server.telemetry.live.feed import LiveFeed
from iotflow_server.telemetry.outcome import Stored, StoredTogether, stored_by_device


@dataclass(frozen=True, slots=True)
class BusState:
    """State of the bus, for health checks and metrics.

    degraded: readings of other processes arrive late or not at all, in both directions; message gives the reason.
    backlog_bytes: waiting to be published. dropped: readings that were lost in either direction since the start.
    """

    degraded: bool = False
    message: str = ""
    backlog_bytes: int = 0
    dropped: int = 0


class LiveBus(Protocol):
    """Publishes stored readings to the feeds of all processes, in the order of storing for each device.

    A feed learns of every loss: of its extent by LiveFeed.mark_gap, and that more may follow by LiveFeed.set_state.
    """

    async def start(self) -> None:
        """Start publishing to the feed; other processes may be unreachable."""

    async def close(self) -> None:
        """Stop publishing to the feed."""

    async def publish(self, stored: Sequence[Stored | StoredTogether]) -> None:
        """Publish readings that this process has stored.

        Returns within a bounded time and does not raise. Readings of the same devices that any process stores afterwards are
        published later, unless the bus is degraded.
        """

    async def check(self) -> str:
        """The reason why the bus is degraded, as a sentence; empty: it is not."""

    @property
    def state(self) -> BusState:
        """The current state."""


class DirectBus:
    """The bus of a single process."""

    def __init__(self, feed: LiveFeed) -> None:
        self._feed = feed
        self.state = BusState()

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to close."""

    async def publish(self, stored: Sequence[Stored | StoredTogether]) -> None:
        if self._feed.subscribers:
            self._feed.publish([LiveReadings(one.device, one.batch) for one in stored_by_device(stored)])

    async def check(self) -> str:
        return ""

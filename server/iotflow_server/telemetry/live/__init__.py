"""The live feed: stored readings on their way to subscribers."""

from iotflow_server.telemetry.live.bus import BusState, DirectBus, LiveBus
from iotflow_server.telemetry.live.events import (
    Dropped,
    EventFilter,
    EventSource,
    FeedState,
    LiveEvent,
    LiveReadings,
    PresenceChange,
)
from iotflow_server.telemetry.live.feed import LiveFeed, PresenceFeed
from iotflow_server.telemetry.live.subscription import Subscription

__all__ = [
    "BusState",
    "DirectBus",
    "Dropped",
    "EventFilter",
    "EventSource",
    "FeedState",
    "LiveBus",
    "LiveEvent",
    "LiveFeed",
    "LiveReadings",
    "PresenceChange",
    "PresenceFeed",
    "Subscription",
]

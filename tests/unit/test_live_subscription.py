"""A subscriber takes the state of the feed, then the number of lost readings, then the events, each once."""

from types import SimpleNamespace

import pytest

from iotflow_server.telemetry.live import Dropped, EventFilter, FeedState, Subscription
from iotflow_server.telemetry.live.events import PresenceChange

SOURCE = SimpleNamespace(id=1, name="lamp", device_type="lamp")
DEGRADED = FeedState(degraded=True)
EVENTS = [PresenceChange(SOURCE, online=True, at=at) for at in range(3)]
SIZE = EVENTS[0].size


def test_an_empty_queue_has_nothing_to_take() -> None:
    assert Subscription(EventFilter(), SIZE).take() is None


def test_items_are_taken_once_in_their_order() -> None:
    subscription = Subscription(EventFilter(), SIZE)
    subscription.offer_presence(EVENTS[0])
    for readings in (2, 3):
        subscription.mark_gap(readings)
    subscription.set_state(DEGRADED)
    assert [subscription.take() for _ in range(4)] == [DEGRADED, Dropped(5), EVENTS[0], None]


@pytest.mark.parametrize(
    ("limit", "taken"),
    [
        (3 * SIZE, [*EVENTS, None]),
        (3 * SIZE - 1, [Dropped(1), *EVENTS[1:], None]),
        (2 * SIZE - 1, [Dropped(2), EVENTS[2], None]),
        (SIZE - 1, [Dropped(2), EVENTS[2], None]),
    ],
)
def test_the_oldest_events_are_dropped_beyond_the_limit(limit: int, taken: list[object]) -> None:
    """The newest event is kept, even if it alone is beyond the limit."""
    subscription = Subscription(EventFilter(), limit)
    for event in EVENTS:
        subscription.offer_presence(event)
    assert [subscription.take() for _ in taken] == taken

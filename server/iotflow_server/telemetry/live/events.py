"""What a subscriber hears, and what it wants to hear."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from iotflow_server.telemetry.batch import Batch, ValueType

# What objects take besides their values, about: an event, a column of it, a text; and a row and a value in a rendering.
_EVENT_BYTES, _COLUMN_BYTES, _TEXT_BYTES = 1_000, 300, 60
_RENDERED_BYTES, _ROW_BYTES, _CELL_BYTES = 500, 150, 120

Rendering = TypeVar("Rendering")


class EventSource(Protocol):
    """What is told of a device."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def device_type(self) -> str: ...


def held_bytes(batch: Batch) -> int:
    """About what a batch takes: of a single reading nearly all of it is not the values."""
    texts = sum(len(column.values) for column in batch.columns if column.type is ValueType.TEXT)
    return _EVENT_BYTES + _COLUMN_BYTES * len(batch.columns) + _TEXT_BYTES * texts + batch.size


@dataclass(frozen=True, slots=True)
class LiveReadings:
    """Stored readings of a device."""

    source: EventSource
    batch: Batch

    @property
    def size(self) -> int:
        """About the bytes that are held as long as it is."""
        return held_bytes(self.batch)


@dataclass(frozen=True, slots=True)
class Dropped:
    """readings: how many of them a subscriber will not hear; some may be none of its interest."""

    readings: int


@dataclass(frozen=True, slots=True)
class FeedState:
    """degraded: what other server processes take may come late, or not at all. message: why."""

    degraded: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class PresenceChange:
    """A device came online or went offline. at: milliseconds since 1970 UTC."""

    source: EventSource
    online: bool
    at: int

    @property
    def size(self) -> int:
        """About its bytes."""
        return 200

    @property
    def readings(self) -> int:
        """Dropped, it counts as one of them."""
        return 1


@dataclass(slots=True)
class LiveEvent:
    """Told readings, one object for all who hear it, so that what is made of it is made once. size: about the bytes that it
    holds without its renderings."""

    source: EventSource
    batch: Batch
    size: int = field(init=False)
    _shared: dict[Hashable, Any] | None = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = held_bytes(self.batch)

    @property
    def rendered_size(self) -> int:
        """About the same with a rendering, whichever it is."""
        return self.size + _RENDERED_BYTES + self.readings * (_ROW_BYTES + _CELL_BYTES * len(self.batch.columns))

    @property
    def readings(self) -> int:
        """How many it holds."""
        return len(self.batch.times)

    def rendered(self, kind: Hashable, render: Callable[["LiveEvent"], Rendering]) -> Rendering:
        """What render makes of the event; one render a kind."""
        if self._shared is None:
            return render(self)
        if kind not in self._shared:
            self._shared[kind] = render(self)
        rendering: Rendering = self._shared[kind]
        return rendering

    def forget(self) -> None:
        """Keep no renderings: who hears it from now on is late, and they are larger than the readings."""
        for rendering in (self._shared or {}).values():
            if isinstance(rendering, LiveEvent):
                rendering.forget()
        self._shared = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What a subscriber wants to hear; None: no limit."""

    device_ids: frozenset[int] | None = None
    device_types: frozenset[str] | None = None
    measurements: frozenset[str] | None = None

    def select(self, event: LiveEvent) -> LiveEvent | None:
        """The part of an event that is of interest, or None."""
        if not self.covers(event.source):
            return None
        if self.measurements is None:
            return event
        return event.rendered(self.measurements, self._of_measurements)

    def covers(self, source: EventSource) -> bool:
        """Whether anything of this device is of interest."""
        is_wanted = self.device_ids is None or source.id in self.device_ids
        return is_wanted and (self.device_types is None or source.device_type in self.device_types)

    def _of_measurements(self, event: LiveEvent) -> LiveEvent | None:
        wanted = tuple(column for column in event.batch.columns if column.measurement in (self.measurements or ()))
        return LiveEvent(event.source, Batch(event.batch.device_id, event.batch.times, wanted)) if wanted else None

"""The events of the live feed, and their filter."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from iotflow_server.telemetry.batch import Batch, ValueType

# Approximate overhead of objects besides their values: an event, a column, a text; a rendering, a row and a value in it.
_EVENT_BYTES, _COLUMN_BYTES, _TEXT_BYTES = 1_000, 300, 60
_RENDERED_BYTES, _ROW_BYTES, _CELL_BYTES = 500, 150, 120

Rendering = TypeVar("Rendering")


class EventSource(Protocol):
    """The device of an event."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def device_type(self) -> str: ...


def held_bytes(batch: Batch) -> int:
    """Approximate size of a batch in memory; for a single reading, nearly all of it is overhead."""
    texts = sum(len(column.values) for column in batch.columns if column.type is ValueType.TEXT)
    return _EVENT_BYTES + _COLUMN_BYTES * len(batch.columns) + _TEXT_BYTES * texts + batch.size


@dataclass(frozen=True, slots=True)
class LiveReadings:
    """Stored readings of a device."""

    source: EventSource
    batch: Batch

    @property
    def size(self) -> int:
        """Approximate size in memory."""
        return held_bytes(self.batch)


@dataclass(frozen=True, slots=True)
class Dropped:
    """readings: number of readings lost to a subscriber; its filter might have excluded some of them."""

    readings: int


@dataclass(frozen=True, slots=True)
class FeedState:
    """degraded: readings from other server processes may arrive late or not at all. message: the reason."""

    degraded: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class PresenceChange:
    """A device that came online or went offline. at: milliseconds since 1970 UTC."""

    source: EventSource
    online: bool
    at: int

    @property
    def size(self) -> int:
        """Approximate size in memory."""
        return 200

    @property
    def readings(self) -> int:
        """A dropped change counts as one reading."""
        return 1


@dataclass(slots=True)
class LiveEvent:
    """Readings as one object that all subscribers share, so that each rendering of it is made once. size: approximate size in
    memory without renderings."""

    source: EventSource
    batch: Batch
    size: int = field(init=False)
    _shared: dict[Hashable, Any] | None = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.size = held_bytes(self.batch)

    @property
    def rendered_size(self) -> int:
        """Approximate size with one rendering."""
        return self.size + _RENDERED_BYTES + self.readings * (_ROW_BYTES + _CELL_BYTES * len(self.batch.columns))

    @property
    def readings(self) -> int:
        """Number of readings."""
        return len(self.batch.times)

    def rendered(self, kind: Hashable, render: Callable[["LiveEvent"], Rendering]) -> Rendering:
        """The rendering of this kind, made by render on first use."""
        if self._shared is None:
            return render(self)
        if kind not in self._shared:
            self._shared[kind] = render(self)
        rendering: Rendering = self._shared[kind]
        return rendering

    def drop_renderings(self) -> None:
        """Discard the renderings and keep no more: they are larger than the readings, and only slow subscribers are left."""
        for rendering in (self._shared or {}).values():
            if isinstance(rendering, LiveEvent):
                rendering.drop_renderings()
        self._shared = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """The events that a subscriber requests; None: no restriction."""

    device_ids: frozenset[int] | None = None
    device_types: frozenset[str] | None = None
    measurements: frozenset[str] | None = None

    def select(self, event: LiveEvent) -> LiveEvent | None:
        """The requested part of an event, or None."""
        if not self.covers(event.source):
            return None
        if self.measurements is None:
            return event
        return event.rendered(self.measurements, self._of_measurements)

    def covers(self, source: EventSource) -> bool:
        """Whether the device is requested."""
        is_wanted = self.device_ids is None or source.id in self.device_ids
        return is_wanted and (self.device_types is None or source.device_type in self.device_types)

    def _of_measurements(self, event: LiveEvent) -> LiveEvent | None:
        wanted = tuple(column for column in event.batch.columns if column.measurement in (self.measurements or ()))
        return LiveEvent(event.source, Batch(event.batch.device_id, event.batch.times, wanted)) if wanted else None

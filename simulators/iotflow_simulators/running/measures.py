"""What a run measures of the service and of itself."""

import time
from dataclasses import dataclass, field

from iotflow_simulators.running.fault_activity import FaultActivity
from iotflow_simulators.running.histogram import Histogram
from iotflow_simulators.running.recent_errors import Errors
from iotflow_simulators.running.states import State, States
from iotflow_simulators.running.timeline import Sample, Timeline

# Readings that leave the simulator later than this are a sign that it is the limit.
LATE = 0.1


@dataclass(slots=True)
class DoorMeasures:
    """Readings of one door.

    answered: acknowledged or refused. in_time: acknowledged until the schedule ended. latency: from when a reading was due until
    it was acknowledged. dropped: readings that a device had no room for. rotated_keys: keys that devices replaced.
    """

    due: int = 0
    acknowledged: int = 0
    answered: int = 0
    in_time: int = 0
    refused: int = 0
    lost_connections: int = 0
    dropped: int = 0
    rotated_keys: int = 0
    latency: Histogram = field(default_factory=Histogram)

    @property
    def unknown(self) -> int:
        """Readings that were neither acknowledged nor refused."""
        return max(self.due - self.answered, 0)


@dataclass(slots=True)
class Measures:
    """A run. lag: how much later than due a reading left the schedule. start: of the scenario, in ms since 1970. speed: multiple
    of real time."""

    doors: dict[str, DoorMeasures] = field(default_factory=dict)
    lag: Histogram = field(default_factory=Histogram)
    timeline: Timeline = field(default_factory=Timeline)
    errors: Errors = field(default_factory=Errors)
    states: States = field(default_factory=States)
    faults: FaultActivity = field(default_factory=FaultActivity)
    start: int = 0
    speed: float = 1.0
    _started: float = 0.0
    _processor: float = 0.0
    # Seconds of the schedule, and of one processor in it, after its end.
    _lasted: float = 0.0
    _used: float = 0.0
    _sampled: float = 0.0

    def begin(self, now: float) -> None:
        """The schedule begins. now: in seconds of the running loop."""
        self._started, self._processor = time.monotonic(), time.process_time()
        self.timeline.origin = now

    def end(self) -> None:
        """The schedule has ended; answers may still come."""
        self._lasted, self._used = self.seconds, self._used_so_far()
        for door in self.doors.values():
            door.in_time = door.acknowledged

    @property
    def seconds(self) -> float:
        """Of the schedule so far; 0 before it begins."""
        if self._lasted:
            return self._lasted
        return time.monotonic() - self._started if self._started else 0.0

    @property
    def processor_share(self) -> float:
        """The simulator's own use of one processor during the schedule; 0 before it begins."""
        if not self._started:
            return 0.0
        return (self._used if self._lasted else self._used_so_far()) / max(self.seconds, 1e-3)

    @property
    def is_own_limit(self) -> bool:
        """Whether the simulator could not keep its schedule."""
        return self.lag.quantile(0.99) > LATE

    def total(self, name: str) -> int:
        """The sum of a count over the doors."""
        return sum(getattr(door, name) for door in self.doors.values())

    def sample(self, now: float) -> None:
        """Note the state of devices, faults and the simulator itself. now: in seconds of the running loop."""
        used, online = self._used_so_far(), self.states.counts()[State.ONLINE]
        self.timeline.at(now).sample(Sample(used - self._sampled, online, self.active_faults()))
        self._sampled = used

    def active_faults(self) -> dict[str, int]:
        """How many devices have a fault of each kind now."""
        return self.faults.active(self.scenario_time)

    @property
    def scenario_time(self) -> int:
        """The present time of the scenario, in ms since 1970."""
        return self.start + int(self.seconds * self.speed * 1_000)

    def latency(self) -> Histogram:
        """Of all doors."""
        found = Histogram()
        for door in self.doors.values():
            found.merge(door.latency)
        return found

    def _used_so_far(self) -> float:
        return time.process_time() - self._processor

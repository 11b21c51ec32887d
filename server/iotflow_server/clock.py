"""The server's time: the system clock without its steps."""

import time
from collections.abc import Callable
from threading import Lock

import structlog

# The system clock is followed while it differs from the elapsed time by no more than this.
TOLERANCE_MS = 1_000
# A step is followed after it has lasted for the first time. A step back of at most the second one is followed at half the
# speed, so that no time occurs twice.
CONFIRM_MS, MOST_SLEWED_MS = 60_000, 86_400_000
# Deletion by age requires that the clock has agreed for this time, also since the start.
SETTLED_MS = 3_600_000
# 2025. A clock that shows an earlier time is not set yet.
IS_SET_FROM_MS = 1_735_689_600_000

log = structlog.get_logger(__name__)


def _wall_ms() -> float:
    return time.time_ns() / 1e6


def _passed_ms() -> float:
    # Unlike the monotonic clock, it advances while a laptop sleeps.
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) / 1e6


class SteadyClock:
    """Milliseconds since 1970 UTC that never go back, except by more than a day. wall: the system clock. passed: a clock that
    cannot be set. Safe for use by many threads."""

    def __init__(self, wall: Callable[[], float] = _wall_ms, passed: Callable[[], float] = _passed_ms) -> None:
        self._wall = wall
        self._passed = passed
        self._lock = Lock()
        self._time = wall()
        self._at = self._disagreed_at = passed()
        # The size of a step, and the time of its detection; whether it is being followed at half the speed.
        self._step = 0.0
        self._step_at: float | None = None
        self._slewing = False

    def now(self) -> float:
        """The current time."""
        with self._lock:
            return self._advance()

    def is_settled(self) -> bool:
        """Whether data that is old by this clock may be deleted."""
        with self._lock:
            self._advance()
            return self._at - self._disagreed_at >= SETTLED_MS

    def _advance(self) -> float:
        wall, at = self._wall(), self._passed()
        went, self._at = at - self._at, at
        step = wall - (self._time + went)
        if abs(step) <= TOLERANCE_MS:
            self._time = max(self._time + went / 2, wall)
            self._step_at, self._slewing = None, False
            return self._time
        self._disagreed_at = at
        if self._time < IS_SET_FROM_MS and step > 0:
            self._time = wall
        elif self._slewing and -MOST_SLEWED_MS <= step < 0:
            self._time += went / 2
        else:
            self._time += went
            self._consider(step, at)
        return self._time

    def _consider(self, step: float, at: float) -> None:
        """Follow a step that has lasted long enough."""
        if self._step_at is None or abs(step - self._step) > TOLERANCE_MS:
            self._step, self._step_at, self._slewing = step, at, False
            log.warning("clock_stepped", milliseconds=round(step), followed_after_seconds=CONFIRM_MS // 1_000)
        elif at - self._step_at >= CONFIRM_MS:
            log.warning("clock_step_followed", milliseconds=round(step))
            self._slewing = -MOST_SLEWED_MS <= step < 0
            self._step_at = None
            if not self._slewing:
                self._time += step


# One for the process, because times that are compared must come from one clock.
CLOCK = SteadyClock()

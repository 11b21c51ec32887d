"""Raises the rate of a running simulation step by step, until a bound breaks."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import replace

from iotflow_simulators.generation.pace import GRID
from iotflow_simulators.limits.search import LimitSearch
from iotflow_simulators.limits.step import Bounds, Step, judged
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.scenario.scenario import Scenario

# Length of a step, in seconds.
SHORTEST, USUAL, LONGEST = 5, 15, 60
# The most time for all steps, in ms. The timeline then has slots of a second.
WHOLE = 1_800_000
# Seconds for the answers to the last readings of a step, and to those that a broken bound left behind.
ANSWERS, DRAIN = 5.0, 30.0
# The part of a rate that broke a bound at which a service recovers.
CALM = 10
_LOOK = 0.05


def steady(scenario: Scenario) -> Scenario:
    """The scenario at a constant rate: without stages, schedules, faults and rotations of keys."""
    fleets = tuple(replace(fleet, schedule=None, rotate_keys=0) for fleet in scenario.fleets)
    return replace(scenario, fleets=fleets, schedule=None, stages=(), faults=(), duration=WHOLE)


def highest_rate(scenario: Scenario) -> float:
    """The highest rate at which all readings of a device have times of their own."""
    return min(fleet.interval for fleet in scenario.fleets) / GRID


class LimitFinder:
    """Conducts a run. highest: rate. seconds: length of a step. report: called with each step."""

    def __init__(self, highest: float, bounds: Bounds, seconds: int, report: Callable[[Step], None]) -> None:
        self.steps: list[Step] = []
        self._search = LimitSearch(highest)
        self._bounds = bounds
        self._seconds = seconds
        self._report = report

    @property
    def limit(self) -> Step | None:
        """The step with the highest rate that held."""
        return max((step for step in self.steps if step.held), key=lambda step: step.rate, default=None)

    async def conduct(self, engine: Engine) -> None:
        """Measure steps until the limit is known."""
        while (rate := self._search.next()) is not None:
            step = await self._step(engine, rate)
            self.steps.append(step)
            self._search.record(rate, held=step.held)
            self._report(step)
            if not step.held:
                await self._drain(engine, rate)

    async def _step(self, engine: Engine, rate: float) -> Step:
        measures, timeline = engine.measures, engine.measures.timeline
        from_second = await engine.set_rate(rate)
        await _until(lambda: measures.seconds >= from_second)
        first = math.ceil(measures.seconds) + 1
        last = first + self._seconds
        await _until(lambda: measures.seconds >= first)
        processor = time.process_time()
        await _until(lambda: measures.seconds >= last)
        share = (time.process_time() - processor) / self._seconds
        await _until(lambda: timeline.open(first, last) == 0, ANSWERS)
        waited = measures.seconds - last
        return judged(timeline.between(first, last), rate, self._seconds, waited, share, self._bounds)

    async def _drain(self, engine: Engine, rate: float) -> None:
        """Wait at a far lower rate, so that the next step does not meet the readings that wait since this one."""
        measures, timeline = engine.measures, engine.measures.timeline
        until = math.ceil(await engine.set_rate(rate / CALM))
        await _until(lambda: measures.seconds >= until and timeline.open(0, until) == 0, DRAIN)


async def _until(is_true: Callable[[], bool], seconds: float = math.inf) -> None:
    deadline = time.monotonic() + seconds
    while not is_true() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK)

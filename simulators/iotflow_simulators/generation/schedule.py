"""When devices are off, by their schedule."""

from iotflow_simulators.cycles import DAY
from iotflow_simulators.scenario.scenario import Fleet, Scenario, Schedule

_THURSDAY = 3


def off_times(scenario: Scenario, fleet: Fleet) -> list[tuple[int, int]]:
    """The times at which the fleet's devices are off, in ms since the start."""
    schedule = fleet.schedule or scenario.schedule
    if schedule is None:
        return []
    off, last = [], 0
    for begin, end in _on_times(scenario, schedule):
        if begin > last:
            off.append((last, min(begin, scenario.duration)))
        last = max(last, end)
        if last >= scenario.duration:
            return off
    return [*off, (last, scenario.duration)]


def _on_times(scenario: Scenario, schedule: Schedule) -> list[tuple[int, int]]:
    """In their order. They may overlap and begin after the end."""
    local = scenario.start + scenario.utc_offset
    found = []
    for day in range(local // DAY - 1, (local + scenario.duration) // DAY + 1):
        if (day + _THURSDAY) % 7 not in schedule.days:
            continue
        for hours in schedule.hours:
            length = (hours.end - hours.start) % DAY or DAY
            begin = day * DAY + hours.start - local
            if begin + length > 0 and begin < scenario.duration:
                found.append((max(begin, 0), begin + length))
    return sorted(found)

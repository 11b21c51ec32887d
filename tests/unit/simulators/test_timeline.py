"""Readings by the time at which they were due."""

from iotflow_simulators.running import timeline as module
from iotflow_simulators.running.timeline import Slot, Timeline

# A time of a loop that runs for some days.
START = 500_000.0


def due(timeline: Timeline, time: float, count: int = 1) -> None:
    """Readings are due at this second of the run."""
    timeline.origin = timeline.origin or START
    timeline.at(START + time).due += count


def test_readings_count_in_the_second_in_which_they_were_due() -> None:
    timeline = Timeline()
    for time in (0.0, 0.9, 1.0, 5.5):
        due(timeline, time)
    assert [slot.due for slot in timeline.parts(100)[1]] == [2, 1, 0, 0, 0, 1]
    assert timeline.between(0, 2).due == 3
    assert timeline.between(5, 9).due == 1


def test_a_reading_is_open_until_it_is_answered_or_dropped() -> None:
    timeline = Timeline()
    due(timeline, 3.5, 10)
    slot = timeline.at(START + 3.5)
    slot.answered, slot.refused, slot.dropped = 6, 2, 1
    assert (slot.stored, slot.open) == (4, 3)
    assert (timeline.open(0, 3), timeline.open(3, 4)) == (0, 3)


def test_what_happens_before_the_start_counts_in_the_first_second() -> None:
    """Connections may be lost while the devices connect."""
    timeline = Timeline()
    timeline.at(START).lost_connections += 1
    due(timeline, -1.0)
    due(timeline, 0.5)
    width, [slot] = timeline.parts(10)
    assert (width, slot.due, slot.lost_connections) == (1.0, 2, 1)


def test_a_late_refusal_in_another_second_leaves_no_negative_count() -> None:
    slot = Slot(due=1, answered=2, refused=3)
    assert (slot.stored, slot.open) == (0, 0)


def test_a_long_run_has_longer_slots_and_loses_no_reading() -> None:
    timeline, length = Timeline(), module.MOST_SLOTS * 5 + 3
    for second in range(length):
        due(timeline, second)
        timeline.at(START + second).latency.add(0.001)
    width, parts = timeline.parts(module.MOST_SLOTS)
    assert (timeline.width, width) == (8.0, 8.0)
    assert {part.due for part in parts[:-1]} == {8}
    assert sum(part.due for part in parts) == sum(part.latency.count for part in parts) == length
    assert timeline.between(16, 32).due == 16


def test_parts_are_at_most_as_many_as_wanted() -> None:
    timeline = Timeline()
    for second in range(101):
        due(timeline, second)
    width, parts = timeline.parts(20)
    assert (width, len(parts), [part.due for part in parts][-2:]) == (6.0, 17, [6, 5])

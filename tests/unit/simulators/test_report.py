"""The page about a run: what it shows, and that it needs nothing else."""

import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from iotflow_simulators.labels import Label
from iotflow_simulators.reporting.page import Report, page
from iotflow_simulators.reporting.svg import LEFT, WIDTH, Time, areas, lanes, lines, logarithmic_lines
from iotflow_simulators.reporting.texts import clock
from iotflow_simulators.running.measures import DoorMeasures, Measures
from iotflow_simulators.running.states import States
from iotflow_simulators.running.timeline import Sample
from iotflow_simulators.scenario.loader import loads

SCENARIO = loads("{name: rooms, seed: 7, duration: 1m, fleets: [{name: room, model: basic, devices: 3}]}")
HOSTILE = "<script>alert('x')</script> & \"quotes\""


def measured(seconds: int = 30, lag: float = 0.001) -> Measures:
    """A run with something of everything in each second."""
    door = DoorMeasures(due=seconds * 10, acknowledged=seconds * 8, answered=seconds * 9, refused=seconds)
    measures = Measures({"mqtt": door}, states=States(3), speed=2.0)
    measures.begin(0.0)
    for second in range(seconds):
        slot = measures.timeline.at(second)
        slot.due, slot.answered, slot.refused = 10, 9, 1
        slot.latency.add(0.01, 8)
        slot.lag.add(lag, 10)
        slot.sample(Sample(0.25, 3 - second % 2, {"stuck": 2} if second > 10 else {}))
    measures.lag.add(lag, seconds * 10)
    measures.errors.lost(0.0, 0, "SILENT", "")
    for reason in ("TYPE_CONFLICT", "TYPE_CONFLICT", HOSTILE, "\x00\x1b[31m"):
        measures.errors.refused(0.0, 0, reason, "")
    measures.faults.add([Label("room-1", "", 0, 10_000, "stuck", "stuck-1", {})])
    measures.faults.active(1)
    measures.end()
    return measures


def parsed(measures: Measures, **more: object) -> Xml.Element:
    """The page as a tree, which its parser demands to be whole."""
    rows = [{"door": "mqtt", "due": 300, "p99_ms": 10.5}]
    report = Report(SCENARIO, "localhost:50051", 1_768_435_200_000, measures, rows, **more)  # type: ignore[arg-type]
    return Xml.fromstring(page(report).removeprefix("<!DOCTYPE html>"))  # noqa: S314


def texts(tree: Xml.Element, tag: str) -> list[str]:
    return ["".join(each.itertext()) for each in tree.iter(tag)]


def test_the_most_frequent_refusals_come_first() -> None:
    """Equally frequent ones in the order of their names."""
    measures = measured()
    for reason in ("B", "C", "C", "A", "D", "D", "D"):
        measures.errors.refused(0.0, 0, reason, "")
    *_, refusals = parsed(measures).iter("table")
    reasons = texts(refusals, "td")[::2]
    assert [reason for reason in reasons if reason in ("A", "B", "C", "D", "TYPE_CONFLICT")] == [
        "D",
        "C",
        "TYPE_CONFLICT",
        "A",
        "B",
    ]


def test_a_page_has_the_charts_and_the_tables() -> None:
    tree = parsed(measured(), steps=[{"rate": 1.0, "result": "held"}])
    titles = ["Run", "Doors", "Steps", "Rates", "Latency from due to acknowledged", "Fates", "Faults", "Devices"]
    titles += ["How late readings left the simulator", "Own processor", "Faults", "Lost connections", "Refusals"]
    found = texts(tree, "h2")
    assert len(found) == len(titles)
    assert all(shown.startswith(title) for shown, title in zip(found, titles, strict=True))
    cells = texts(tree, "td")
    assert {"rooms, seed 7", "localhost:50051", "2026-01-15T00:00:00+00:00", "300", "10.5", "held", "SILENT"} <= {
        *cells
    }
    assert cells[cells.index("TYPE_CONFLICT") + 1] == "2"
    assert "warning" not in {each.get("class") for each in tree.iter("p")}


def test_each_chart_names_what_it_shows() -> None:
    legends = [[*each.itertext()] for each in parsed(measured()).iter("p") if each.get("class") == "legend"]
    assert legends == [
        ["due", "acknowledged", "refused"],
        ["p50", "p95", "p99"],
        ["stored", "no answer", "refused", "dropped by the device"],
        ["stuck (at most 2)"],
        ["online", "lost connections"],
        ["p99"],
        ["simulator"],
    ]


def test_a_page_needs_nothing_else_and_runs_nothing() -> None:
    tree = parsed(measured())
    assert {each.tag for each in tree.iter()}.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert not any(name in ("href", "src") or name.startswith("on") for each in tree.iter() for name in each.attrib)
    assert "url(" not in "".join(texts(tree, "style"))
    assert "@import" not in "".join(texts(tree, "style"))


def test_texts_of_the_service_are_shown_as_they_are() -> None:
    cells = texts(parsed(measured()), "td")
    assert HOSTILE in cells
    assert "\ufffd\ufffd[31m" in cells


def test_a_page_warns_where_the_simulator_is_the_limit() -> None:
    [warning] = [each for each in parsed(measured(lag=0.5)).iter("p") if each.get("class") == "warning"]
    assert "The simulator itself is the limit" in "".join(warning.itertext())


@pytest.mark.parametrize("seconds", [0, 1, 30, 5_000])
def test_the_size_of_a_page_is_bounded(seconds: int) -> None:
    """A run of any length, also one that ended at once."""
    tree = parsed(measured(seconds))
    for shape in [*tree.iter("polyline"), *tree.iter("polygon")]:
        places = [point.split(",") for point in (shape.get("points") or "").split()]
        assert 2 <= len(places) <= 1_000
        assert all(LEFT <= float(x) <= WIDTH and 0 <= float(y) <= 220 for x, y in places)


def points(chart: str, name: str = "l0") -> list[list[float]]:
    """The heights of each line of a series, from the bottom, as shares of the plot."""
    found = re.findall(rf'class="{name}" points="([^"]*)"', chart)
    return [[(194 - float(point.split(",")[1])) / 182 for point in each.split()] for each in found]


def test_lines_are_drawn_to_scale_with_gaps() -> None:
    chart = lines("Rates", Time(1.0, 6), {"due": [0.0, 50.0, 100.0, None, 25.0, 75.0]}, "readings/s")
    drawn = points(chart)
    assert drawn == [pytest.approx([0, 0, 0.5, 1], abs=0.01), pytest.approx([0.25, 0.25, 0.75], abs=0.01)]
    assert ">100<" in chart


def test_logarithmic_lines_have_a_line_for_each_factor_of_ten() -> None:
    chart = logarithmic_lines("Latency", Time(1.0, 4), {"p50": [1.0, 10.0, 100.0, 0.0]}, "ms")
    assert points(chart) == [pytest.approx([0, 0, 0.5, 1], abs=0.01)]
    assert re.findall(r'class="end">([^<]*)<', chart) == ["1", "10", "100"]


def test_areas_lie_on_top_of_each_other() -> None:
    chart = areas("Fates", Time(1.0, 1), {"stored": [30.0], "refused": [10.0]}, "readings/s")
    assert points(chart, "f0") == [pytest.approx([0.75, 0.75, 0, 0], abs=0.01)]
    assert points(chart, "f1") == [pytest.approx([1, 1, 0.75, 0.75], abs=0.01)]


def test_lanes_show_when_a_fault_was_active() -> None:
    chart = lanes("Faults", Time(10.0, 4), {"stuck": [0.0, 1.0, 4.0, 0.0], "drift": [0.0] * 4}, "devices")
    assert re.findall(r'opacity="([\d.]+)"', chart) == ["0.44", "1.00"]
    assert "stuck (at most 4)" in chart


def test_times_of_a_run() -> None:
    assert [clock(second) for second in (0, 90, 3_725)] == ["0:00", "1:30", "1:02:05"]
    assert [len(Time(1.0, length).ticks()) <= 9 for length in (1, 59, 3_600, 100_000, 2_678_400)] == [True] * 5


def test_the_style_is_part_of_the_package() -> None:
    folder = Path(page.__code__.co_filename).parent
    assert (folder / "style.css").is_file()

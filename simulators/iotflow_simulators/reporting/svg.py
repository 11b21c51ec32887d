"""Charts over the time of a run, as SVG without scripts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from iotflow_simulators.reporting.texts import clock

WIDTH, HEIGHT = 760, 220
LEFT, RIGHT, TOP, BOTTOM = 100, 12, 12, 26
LANE = 18
Values = Sequence[float | None]
_X_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400)
_MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Time:
    """The horizontal axis: values in equal parts. part: seconds of each."""

    part: float
    count: int

    @property
    def seconds(self) -> float:
        """The whole length."""
        return max(self.part * self.count, 1e-9)

    def x(self, second: float) -> float:
        """The place of a second."""
        return LEFT + (WIDTH - LEFT - RIGHT) * second / self.seconds

    def ticks(self) -> list[int]:
        """Seconds to name, at round distances."""
        step = next(
            (each for each in _X_STEPS if self.seconds / each <= _MOST_TICKS), _round_up(self.seconds / _MOST_TICKS)
        )
        return list(range(0, int(self.seconds) + 1, int(step)))


def lines(title: str, time: Time, series: Mapping[str, Values], unit: str) -> str:
    """A line for each series; gaps where values are None."""
    top = _round_up(max(_numbers(series), default=0.0) or 1.0)
    parts = [_horizontal(_y(share), f"{share * top:g}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    parts += [_line(time, values, top, number) for number, values in enumerate(series.values())]
    return _chart(title, time, parts, list(series), unit)


def logarithmic_lines(title: str, time: Time, series: Mapping[str, Values], unit: str) -> str:
    """As lines(), where each step upwards is a factor of ten. Values of 0 or less are gaps."""
    found = [value for value in _numbers(series) if value > 0] or [1.0]
    low, high = math.floor(math.log10(min(found))), math.ceil(math.log10(max(found)))
    high = max(high, low + 1)
    parts = [_horizontal(_y((power - low) / (high - low)), f"{10.0**power:g}") for power in range(low, high + 1)]
    for number, values in enumerate(series.values()):
        scaled = [math.log10(value) - low if value and value > 0 else None for value in values]
        parts.append(_line(time, scaled, high - low, number))
    return _chart(title, time, parts, list(series), unit)


def areas(title: str, time: Time, series: Mapping[str, Sequence[float]], unit: str) -> str:
    """Series on top of each other, the first one at the bottom."""
    sums = [0.0] * time.count
    stacked = []
    for values in series.values():
        below, sums = sums, [total + value for total, value in zip(sums, values, strict=True)]
        stacked.append((below, sums))
    top = _round_up(max(sums, default=0.0) or 1.0)
    parts = [_horizontal(_y(share), f"{share * top:g}") for share in (0.0, 0.5, 1.0)]
    for number, (below, above) in enumerate(stacked):
        corners = [*_corners(time, above, top), *reversed(_corners(time, below, top))]
        parts.append(f'<polygon class="f{number}" points="{" ".join(corners)}"/>')
    return _chart(title, time, parts, list(series), unit)


def lanes(title: str, time: Time, series: Mapping[str, Sequence[float]], unit: str) -> str:
    """A row for each series; the darker a place, the nearer its value is to the highest of the row."""
    height = TOP + BOTTOM + LANE * max(len(series), 1)
    parts = []
    for row, (name, values) in enumerate(series.items()):
        y, highest = TOP + LANE * row, max(values, default=0.0)
        parts.append(f'<text x="{LEFT - 4}" y="{y + 13}" class="end">{escape(name[:16])}</text>')
        for place, value in enumerate(values):
            if value > 0:
                begin, end = time.x(place * time.part), time.x((place + 1) * time.part)
                shape = f'x="{begin:.1f}" y="{y + 2}" width="{end - begin:.1f}" height="{LANE - 4}"'
                parts.append(f'<rect class="f0" {shape} opacity="{0.25 + 0.75 * value / highest:.2f}"/>')
    highest_of = [f"{name} (at most {max(values, default=0):g})" for name, values in series.items()]
    return _chart(title, time, parts, highest_of, unit, height, has_colours=False)


def _chart(
    title: str,
    time: Time,
    parts: Sequence[str],
    names: Sequence[str],
    unit: str,
    height: int = HEIGHT,
    *,
    has_colours: bool = True,
) -> str:
    base = height - BOTTOM
    axis = [f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}"/>']
    axis += [f'<text x="{time.x(tick):.1f}" y="{height - 8}" class="mid">{clock(tick)}</text>' for tick in time.ticks()]
    legend = "".join(
        f'<span><i class="{f"k{number}" if has_colours else "k"}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
    )
    head = f"<h2>{escape(title)} <small>{escape(unit)}</small></h2>"
    svg = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return f'<section>{head}{svg}{"".join((*axis, *parts))}</svg><p class="legend">{legend}</p></section>'


def _line(time: Time, values: Values, top: float, number: int) -> str:
    runs: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{time.x((place + 0.5) * time.part):.1f},{_y(value / top):.1f}")
    # A single point is shown as a dot, which needs two.
    return "".join(f'<polyline class="l{number}" points="{" ".join(run[:1] + run)}"/>' for run in runs if run)


def _corners(time: Time, values: Sequence[float], top: float) -> list[str]:
    edges = ((time.x((place + side) * time.part), value) for place, value in enumerate(values) for side in (0, 1))
    return [f"{x:.1f},{_y(value / top):.1f}" for x, value in edges]


def _horizontal(y: float, name: str) -> str:
    line = f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
    return f'{line}<text x="{LEFT - 4}" y="{y + 4:.1f}" class="end">{escape(name)}</text>'


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(share, 0.0), 1.0)


def _numbers(series: Mapping[str, Values]) -> list[float]:
    return [value for values in series.values() for value in values if value is not None]


def _round_up(value: float) -> float:
    """The next number with one digit, apart from zeros."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * factor for factor in range(1, 11) if value <= power * factor * 1.0000001)

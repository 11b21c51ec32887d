"""The clients of all languages against the Python client: single readings in, memory, start-up and package."""

import asyncio
import statistics
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from clients.conformance.languages import Language
from tests.bench.client_builds import built_testees, package_bytes
from tests.bench.client_writer import Cost, MeasuredWriter, open_writer, start_seconds
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line

ROWS, WARM_UP, ROUNDS = 200_000, 3, 5
MEASURED_ROWS = ROWS * ROUNDS
STARTS = 5
BASELINE = "python"
NAMES = {"python": "Python", "go": "Go", "typescript": "TypeScript", "java": "Java", "rust": "Rust", "c": "C"}
UNIT = "M/s a core"
# Readings for a second of processor time, against the Python client with a queue in memory.
TARGETS = {"go": 2.0, "rust": 2.0, "java": 2.0, "typescript": 0.7}
NOTES = {"c": "; by gRPC-Web, one batch in each call"}


@dataclass(frozen=True, slots=True)
class Written:
    """The cost of MEASURED_ROWS, and the peak of resident memory, bytes."""

    cost: Cost
    peak: int


def measure(folder: Path) -> list[Line]:
    """Everything is built before the first measurement, which runs the languages in turn."""
    testees = built_testees()
    sizes = {name: package_bytes(name, folder / "packages" / name) / 1e3 for name in testees}
    starts = asyncio.run(start_times(testees, folder / "starts.log"))
    with bench_server(folder / "server") as server:
        in_memory = asyncio.run(written(testees, server, folder / "memory", on_disk=False))
        on_disk = asyncio.run(written(testees, server, folder / "disk", on_disk=True))
    return [
        *reading_lines("in memory", in_memory, TARGETS),
        *reading_lines("on disk", on_disk, {}),
        *lines("peak memory", {name: one.peak / 2**20 for name, one in in_memory.items()}, "MiB"),
        *lines("start-up", starts, "ms"),
        *lines("package", sizes, "kB"),
    ]


async def start_times(testees: Mapping[str, Language], log: Path) -> dict[str, float]:
    """The median of several starts of each language, milliseconds."""
    rounds = [{name: await start_seconds(each, log) * 1e3 for name, each in testees.items()} for _ in range(STARTS)]
    return {name: statistics.median(one[name] for one in rounds) for name in testees}


async def written(
    testees: Mapping[str, Language], server: Server, folder: Path, *, on_disk: bool
) -> dict[str, Written]:
    """Rounds of all languages in turn, each with a device of its own."""
    folder.mkdir()
    async with AsyncExitStack() as stack:
        writers = {}
        for name, testee in testees.items():
            key = dict(server.register(f"{name} {folder.name}"))["x-api-key"]
            queue = folder / name if on_disk else None
            opened = open_writer(testee, server.address, key, queue, folder / f"{name}.log")
            writers[name] = await stack.enter_async_context(opened)
        await rounds(writers, WARM_UP)
        costs = await rounds(writers, ROUNDS)
        for writer in writers.values():
            await writer.check()
        return {name: Written(costs[name], writer.peak_bytes()) for name, writer in writers.items()}


async def rounds(writers: Mapping[str, MeasuredWriter], number: int) -> dict[str, Cost]:
    """The sum of the costs of each language."""
    costs = dict.fromkeys(writers, Cost(0, 0))
    for _ in range(number):
        for name, writer in writers.items():
            costs[name] += await writer.add(ROWS)
    return costs


def reading_lines(place: str, results: Mapping[str, Written], targets: Mapping[str, float]) -> Iterator[Line]:
    """A line for each language. The baseline has one too, without a ratio."""
    rates = {name: MEASURED_ROWS / one.cost.cpu / 1e6 for name, one in results.items()}
    python = Figure(rates[BASELINE], UNIT, NAMES[BASELINE])
    for name, one in results.items():
        what = f"{NAMES[name]}: single readings, queue {place}"
        figure = Figure(rates[name], UNIT, note=reading_note(one.cost) + NOTES.get(name, ""))
        if name == BASELINE:
            yield Line(what, figure, None, rates[name], None, f" {UNIT}")
        else:
            yield Line(what, figure, python, rates[name] / rates[BASELINE], targets.get(name))


def reading_note(cost: Cost) -> str:
    million = cost.cpu / MEASURED_ROWS * 1e6
    acknowledged = MEASURED_ROWS / cost.wall
    return f"{acknowledged:,.0f}/s acknowledged; {million:.2f} s of processor a million, after {WARM_UP * ROWS:,} to warm up"


def lines(what: str, values: Mapping[str, float], unit: str) -> Iterator[Line]:
    """A line for each language against the baseline; smaller is better."""
    python = Figure(values[BASELINE], unit, NAMES[BASELINE])
    for name, value in values.items():
        if name != BASELINE:
            ratio = value / values[BASELINE]
            yield Line(f"{NAMES[name]}: {what}", Figure(value, unit), python, ratio, None, at_most=True)

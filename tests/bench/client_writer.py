"""The writer of a client under measurement: a testee of the conformance tests adds rows, one after the other."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from clients.conformance.languages import ROOT, Language
from clients.conformance.testee import Testee
from clients.conformance.web_door import WebDoor
from tests.bench.processor import cpu_seconds, peak_bytes

T0 = 1_700_000_000_000
# The default of all clients.
BATCH_ROWS = 1_000
ANSWER_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds from the first row to the acknowledgement of the last one, and processor seconds of the testee meanwhile."""

    wall: float
    cpu: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


class MeasuredWriter:
    """An open writer in a process of its own."""

    def __init__(self, testee: Testee) -> None:
        self._testee = testee
        self._rows = 0

    async def add(self, rows: int) -> Cost:
        """Add rows of one measurement, and wait until all of them are acknowledged."""
        fields = {"start": T0 + self._rows, "step": 1, "count": rows, "first": self._rows, "measurements": ["level"]}
        used, began = self._cpu_seconds(), time.perf_counter()
        await self._testee.ask("writer.add", fields, ANSWER_SECONDS)
        await self._testee.ask("writer.flush", {"deadline_ms": int(ANSWER_SECONDS * 1_000)}, ANSWER_SECONDS)
        cost = Cost(time.perf_counter() - began, self._cpu_seconds() - used)
        self._rows += rows
        return cost

    async def check(self) -> None:
        """Raise AssertionError unless the server has stored every row."""
        status = await self._testee.ask("writer.status", {}, ANSWER_SECONDS)
        found = {name: status[name] for name in ("acknowledged_rows", "rejected", "dropped_rows")}
        assert found == {"acknowledged_rows": self._rows, "rejected": 0, "dropped_rows": 0}, found

    def peak_bytes(self) -> int:
        """The peak of resident memory since the start."""
        return peak_bytes(self._testee.pid)

    def _cpu_seconds(self) -> float:
        return cpu_seconds([self._testee.pid])


@asynccontextmanager
async def open_writer(
    language: Language, target: str, api_key: str, queue: Path | None, log: Path
) -> AsyncIterator[MeasuredWriter]:
    """A writer of the device of the key. queue: folder; None: in memory. log: standard error of the testee."""
    async with _door(language, target, log) as door, _running(language, log) as testee:
        await testee.ask("connect", {"target": door, "api_key": api_key, "token": ""}, ANSWER_SECONDS)
        options = {"rows": BATCH_ROWS} | ({"folder": str(queue)} if queue else {})
        await testee.ask("writer.open", options, ANSWER_SECONDS)
        yield MeasuredWriter(testee)


async def start_seconds(language: Language, log: Path) -> float:
    """Seconds from the start of a process until its first answer."""
    began = time.perf_counter()
    async with _running(language, log) as testee:
        await testee.hello()
        return time.perf_counter() - began


@asynccontextmanager
async def _door(language: Language, target: str, log: Path) -> AsyncIterator[str]:
    """The target for the client: the service, or Envoy before it for a client that speaks gRPC-Web."""
    if not language.grpc_web:
        yield target
        return
    web_door = WebDoor(int(target.rpartition(":")[2]), log)
    await web_door.open()
    try:
        yield f"127.0.0.1:{web_door.port}"
    finally:
        await web_door.end()


@asynccontextmanager
async def _running(language: Language, log: Path) -> AsyncIterator[Testee]:
    testee = await Testee.start(language.run, ROOT, {}, log)
    try:
        yield testee
    finally:
        await testee.kill()

"""The events of a plan, window by window, ahead of time and in a thread. Each reading is in the ledger before it is due."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

import orjson

from iotflow_simulators import SimulationError
from iotflow_simulators.doors.link import Outgoing
from iotflow_simulators.generation.events import ConnectionEvent, Event, Malformed, Reading
from iotflow_simulators.generation.run import Run
from iotflow_simulators.labels import label_lines
from iotflow_simulators.ledger.entries import ReadingEntry
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.models.base import CommandResult
from iotflow_simulators.running.fault_activity import FaultActivity
from iotflow_simulators.scenario.scenario import Fault
from iotflow_simulators.tasks import OwnedTasks

# The latest commands change what is due after this many ms of the scenario.
LONGEST_WINDOW = 1_000
_AHEAD = 2

Due = tuple[int, int, Outgoing | ConnectionEvent]


class Feed:
    """labels: the file of labels, or None. speed: multiple of real time; a window has at least a tenth of a second of it."""

    def __init__(self, run: Run, ledger: LedgerWriter, labels: BinaryIO | None, speed: float) -> None:
        self.faults = FaultActivity()
        self._run = run
        self._ledger = ledger
        self._labels = labels
        self._length = max(int(LONGEST_WINDOW * min(speed, 60)), 100) if speed > 1 else LONGEST_WINDOW
        self._lock = asyncio.Lock()
        self._windows: asyncio.Queue[list[Due] | None] = asyncio.Queue(_AHEAD)
        self._number = 0

    @property
    def start(self) -> int:
        """The start of the scenario, in ms since 1970."""
        return self._run.plan.scenario.start

    async def windows(self) -> AsyncGenerator[list[Due], None]:
        """The events in the order in which they are due: when, in ms since the start; which device; and what."""
        tasks = OwnedTasks()
        producing = tasks.start(self._produce(), "feed")
        try:
            while (window := await self._windows.get()) is not None:
                yield window
            await producing
        finally:
            await tasks.close()

    async def command(self, device: int, name: str, parameters: Mapping[str, Any]) -> CommandResult:
        """Let a device execute a command, between two windows."""
        async with self._lock:
            return self._run.command(device, name, parameters)

    async def configure(self, device: int, desired: Mapping[str, Any]) -> dict[str, Any]:
        """Let a device follow a configuration, between two windows."""
        async with self._lock:
            return self._run.configure(device, desired)

    async def inject(self, fault: Fault) -> int:
        """Let a fault begin, between two windows. When it begins, in ms since the start. Raises SimulationError."""
        async with self._lock:
            begin = self._run.position
            if begin >= self._run.plan.scenario.duration:
                raise SimulationError("The scenario is at its end.")
            self._run.inject(replace(fault, at=begin))
            return begin

    async def set_rate(self, rate: float) -> int:
        """Change the rate of all fleets, between two windows. From when on it holds, in ms since the start."""
        async with self._lock:
            self._run.set_rate(rate)
            return self._run.position

    async def _produce(self) -> None:
        try:
            while not self._run.is_finished:
                async with self._lock:
                    window = await self._computed()
                await self._windows.put(window)
        except Exception:
            await self._windows.put(None)
            raise
        await self._windows.put(None)

    async def _computed(self) -> list[Due]:
        """The next window. A cancelled task waits for the thread, which writes to the ledger."""
        computing = asyncio.ensure_future(asyncio.to_thread(self._next))
        try:
            return await asyncio.shield(computing)
        except asyncio.CancelledError:
            await asyncio.wait([computing])
            raise

    def _next(self) -> list[Due]:
        end = min(self._run.position + self._length, self._run.plan.scenario.duration)
        window = self._run.advance(end)
        entries: list[ReadingEntry] = []
        due = [(event.due, event.device, self._item(event, entries)) for event in window.events()]
        self._ledger.add_readings(entries)
        labels = window.labels
        self.faults.add(labels)
        if self._labels:
            self._labels.write(label_lines(labels))
        return due

    def _item(self, event: Event, entries: list[ReadingEntry]) -> Outgoing | ConnectionEvent:
        if isinstance(event, Reading):
            values = orjson.dumps(event.values)
            entries.append(ReadingEntry(event.device, event.sequence, event.time, values))
            outgoing = Outgoing(self._number, 0.0, event.time, event.values, values)
        elif isinstance(event, Malformed):
            text = orjson.dumps([event.kind, event.payload.hex()])
            entries.append(ReadingEntry(event.device, event.sequence, event.time, text, True))
            outgoing = Outgoing(self._number, 0.0, event.time, {}, b"", event.payload)
        else:
            return event
        self._number += 1
        return outgoing

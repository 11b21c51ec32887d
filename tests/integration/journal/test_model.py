"""After any sequence of events, the acknowledged readings equal those of a dictionary.

A deletion that fails because the backend is away may have been carried out, as any call without an answer.
"""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import Contents, contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, JournalProcess, SharedBackend, caught_up, journaled

DEVICES = (1, 2)
PROCESSES = 3
TIMES = st.integers(0, 3)
PLACES = st.tuples(st.integers(0, PROCESSES - 1), st.sampled_from(DEVICES), TIMES)
WRITES = st.tuples(st.just("write"), PLACES)
DELETES = st.tuples(st.just("delete"), PLACES)
EVENTS = st.tuples(
    st.sampled_from(["away", "back", "restart", "catch up", "checkpoint", "new process", "killed"]), PLACES
)


class World:
    """Several processes with a shared backend, and the expected readings."""

    def __init__(self, folder: Path, processes: int) -> None:
        self.folder = folder
        self.backend = ForgetfulBackend(folder)
        self.processes = processes
        self.expected: dict[int, Contents] = {device_id: {} for device_id in DEVICES}
        # Readings whose deletion failed while the backend was away: it may have been carried out.
        self.uncertain: dict[int, set[tuple[str, int]]] = {device_id: set() for device_id in DEVICES}

    async def open(self) -> None:
        await self.backend.start()
        self.stores = [await self.opened() for _ in range(self.processes)]

    async def opened(self) -> JournalProcess:
        store = journaled(SharedBackend(self.backend), self.folder / "journals")
        await store.start()
        return store

    async def close(self) -> None:
        for store in self.stores:
            await store.close()
        await self.backend.close()

    async def happen(self, number: int, what: str, process: int, device_id: int, time: int) -> None:
        at = process % self.processes
        match what:
            case "write":
                assert await self.stores[at].write([doubles(device_id, {time: float(number)})]) == [()]
                self.expected[device_id]["m", time] = float(number)
                self.uncertain[device_id].discard(("m", time))
            case "delete":
                await self.delete(self.stores[at], device_id, time)
            case "new process" | "killed":
                await (self.stores[at].close() if what == "new process" else self.stores[at].die())
                self.stores[at] = await self.opened()
            case _:
                await self.befall(what, self.stores[at])

    async def befall(self, what: str, store: JournalProcess) -> None:
        match what:
            case "away" | "back":
                self.backend.away = what == "away"
            case "restart":
                await self.backend.restart()
            case "catch up":
                self.backend.away = False
                await caught_up(store)
            case "checkpoint":
                store.request_checkpoint()
                await asyncio.sleep(0)

    async def delete(self, store: JournalProcess, device_id: int, time: int) -> None:
        deleted = {("m", time), ("m", time + 1)}
        try:
            await store.delete(device_id, Span(time, time + 2))
        except Unavailable:
            self.uncertain[device_id] |= deleted & self.expected[device_id].keys()
            return
        self.uncertain[device_id] -= deleted
        for gone in deleted:
            self.expected[device_id].pop(gone, None)

    async def check(self) -> None:
        self.backend.away = False
        for store in self.stores:
            # A write makes each process notice the last restart.
            await store.write([doubles(3, {1: 1.0})])
            await caught_up(store)
        for device_id in DEVICES:
            found, expected = await contents(self.backend, device_id), self.expected[device_id]
            gone = expected.keys() - found.keys()
            assert gone <= self.uncertain[device_id]
            assert found == {key: value for key, value in expected.items() if key not in gone}


@pytest.mark.parametrize("processes", [1, PROCESSES])
@settings(max_examples=60, deadline=None)
@given(steps=st.lists(WRITES | WRITES | DELETES | EVENTS, max_size=25))
async def test_acknowledged_readings_are_stored(processes: int, steps: list[tuple[str, tuple[int, int, int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), processes)
        await world.open()
        for number, (what, place) in enumerate(steps):
            await world.happen(number, what, *place)
        await world.check()
        await world.close()

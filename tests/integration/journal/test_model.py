"""Whatever happens in whatever order, what was acknowledged stands in the end as a dictionary would have it."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal import JournaledStore
from iotflow_server.telemetry.store import Span
from tests.contract.readings import Contents, contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, journaled

DEVICES = (1, 2)
TIMES = st.integers(0, 3)
PLACES = st.tuples(st.sampled_from(DEVICES), TIMES)
WRITES = st.tuples(st.just("write"), PLACES)
DELETES = st.tuples(st.just("delete"), PLACES)
EVENTS = st.tuples(
    st.sampled_from(["away", "back", "restart", "catch up", "checkpoint", "new process"]), st.just((0, 0))
)


class World:
    """A store, its backend, and what they are to hold."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backend = ForgetfulBackend(folder)
        self.expected: dict[int, Contents] = {device_id: {} for device_id in DEVICES}

    async def open(self) -> None:
        self.store: JournaledStore = journaled(self.backend, self.folder / "journals")
        await self.store.start()

    async def write(self, value: float, device_id: int, time: int) -> None:
        assert await self.store.write([doubles(device_id, {time: value})]) == [()]
        self.expected[device_id]["m", time] = value

    async def delete(self, device_id: int, time: int) -> None:
        try:
            await self.store.delete(device_id, Span(time, time + 2))
        except Unavailable:
            return
        for gone in (time, time + 1):
            self.expected[device_id].pop(("m", gone), None)

    async def happen(self, event: str) -> None:
        match event:
            case "away" | "back":
                self.backend.away = event == "away"
            case "restart":
                await self.backend.restart()
            case "catch up":
                self.backend.away = False
                await caught_up(self.store)
            case "checkpoint":
                self.store._keeper.due.set()
                await asyncio.sleep(0)
            case "new process":
                await self.store.close()
                await self.open()

    async def check(self) -> None:
        self.backend.away = False
        # Whatever the last restart took is noticed here.
        await self.store.write([doubles(3, {1: 1.0})])
        await caught_up(self.store)
        for device_id in DEVICES:
            assert await contents(self.store, device_id) == self.expected[device_id]


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(WRITES | WRITES | DELETES | EVENTS, max_size=25))
def test_acknowledged_is_what_stands(steps: list[tuple[str, tuple[int, int]]]) -> None:
    async def run(folder: Path) -> None:
        world = World(folder)
        await world.open()
        for number, (what, place) in enumerate(steps):
            if what == "write":
                await world.write(float(number), *place)
            elif what == "delete":
                await world.delete(*place)
            else:
                await world.happen(what)
        await world.check()
        await world.store.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))

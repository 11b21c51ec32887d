"""Executes a plan in real time: an open loop, in which nothing waits for the service."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from iotflow_simulators.doors.link import DoorWay, Login, Outgoing
from iotflow_simulators.generation.events import Connect
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.accounts import Accounts
from iotflow_simulators.running.connection_events import carry_out
from iotflow_simulators.running.device_commands import DeviceCommands
from iotflow_simulators.running.feed import Due, Feed
from iotflow_simulators.running.fleet_registration import Registered
from iotflow_simulators.running.key_rotations import KeyRotations
from iotflow_simulators.running.measures import DoorMeasures, Measures
from iotflow_simulators.running.session import Session
from iotflow_simulators.running.states import States
from iotflow_simulators.running.surroundings import Surroundings
from iotflow_simulators.scenario.scenario import Fault
from iotflow_simulators.tasks import OwnedTasks

# Devices that connect at once before the schedule begins, and the time for each such group.
GROUP, GROUP_SECONDS = 100, 10.0
# Events between two turns of the loop.
BURST = 100
FLUSH_SECONDS = 0.25
_TICK = 0.002
# The longest sleep, after which the loop looks whether it is to stop.
_NAP = 0.2


@dataclass(frozen=True, slots=True)
class RunSettings:
    """speed: multiple of real time. drain: seconds at the end for what is on its way. remembered: last readings of each device
    that are kept."""

    speed: float = 1.0
    drain: float = 60.0
    remembered: int = 0


class Engine:
    """devices: as registered, with their doors by name, in the order of the plan. keys: where new keys are kept."""

    def __init__(
        self,
        feed: Feed,
        ledger: LedgerWriter,
        doors: Mapping[str, DoorWay],
        devices: Sequence[tuple[Registered, str]],
        keys: KeyStore,
        settings: RunSettings,
    ) -> None:
        self.measures = Measures(
            doors={name: DoorMeasures() for name in sorted({door for _, door in devices})},
            states=States(len(devices)),
            faults=feed.faults,
            start=feed.start,
            speed=settings.speed,
        )
        self.stop = asyncio.Event()
        self._feed = feed
        self._ledger = ledger
        self._doors = doors
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._begin = 0.0
        self._readings = 0
        self._commands = DeviceCommands(feed)
        self._rotations = KeyRotations(keys)
        self._door_names = [door for _, door in devices]
        around = {name: self._surroundings(name) for name in self.measures.doors}
        self._sessions = [
            Session(index, _login(device, door), around[door]) for index, (device, door) in enumerate(devices)
        ]

    @property
    def device_ids(self) -> list[int]:
        """The ids at the server, in the order of the plan."""
        return [session.login.id for session in self._sessions]

    @property
    def names(self) -> list[str]:
        """The names of the devices, in the order of the plan."""
        return [session.login.name for session in self._sessions]

    def session(self, device: int) -> Session:
        """A device, by its index in the plan."""
        return self._sessions[device]

    def door(self, device: int) -> str:
        """The name of a device's door."""
        return self._door_names[device]

    async def inject(self, fault: Fault) -> float:
        """Let a fault begin. In how many seconds it does. Raises SimulationError."""
        begin = await self._feed.inject(fault) / 1_000 / self._settings.speed
        return max(begin - self.measures.seconds, 0.0)

    async def set_rate(self, rate: float) -> float:
        """Change the rate of all fleets, as a multiple of what their intervals give. From when on it holds, in seconds of the run."""
        return await self._feed.set_rate(rate) / 1_000 / self._settings.speed

    async def run(self) -> None:
        """Run to the end of the scenario, or until `stop` is set. Raises SimulationError where the ledger cannot be written."""
        tasks = OwnedTasks()
        flushing = tasks.start(self._flush(), "flush of the ledger")
        try:
            await self._execute_all(flushing)
            self.measures.end()
            await self._wait_for_reports()
        finally:
            await tasks.close()
            await self._end()
        if not flushing.cancelled():
            flushing.result()
        self._ledger.end(self._readings)

    async def _execute_all(self, flushing: asyncio.Task[None]) -> None:
        """Until the feed ends, the run is stopped, or the ledger cannot be written."""
        async with aclosing(self._feed.windows()) as windows:
            async for window in windows:
                if not self._begin:
                    window = await self._connected(window)
                    self._begin = self._loop.time()
                    self.measures.begin(self._begin)
                await self._execute(window)
                if self.stop.is_set() or flushing.done():
                    return

    async def _connected(self, window: list[Due]) -> list[Due]:
        """Connect the devices that are connected at the start, group by group. The rest of the window."""
        first = [device for due, device, item in window if due <= 0 and isinstance(item, Connect)]
        for at in range(0, len(first), GROUP):
            sessions = [self._sessions[device] for device in first[at : at + GROUP]]
            for session in sessions:
                session.connect()
            await self._until(lambda chosen=sessions: all(each.is_open for each in chosen), GROUP_SECONDS)  # type: ignore[misc]
        return [due for due in window if due[0] > 0 or not isinstance(due[2], Connect)]

    async def _execute(self, window: list[Due]) -> None:
        sessions, time, speed = self._sessions, self._loop.time, 1_000 * self._settings.speed
        burst = 0
        for due, device, item in window:
            at = self._begin + due / speed
            now = time()
            if at > now:
                burst = 0
                now = await self._sleep(at)
            elif burst >= BURST:
                burst = 0
                await asyncio.sleep(0)
            if self.stop.is_set():
                return
            burst += 1
            if isinstance(item, Outgoing):
                item.due = at
                self._readings = item.number + 1
                sessions[device].submit(item, now)
            else:
                carry_out(sessions[device], item)

    async def _sleep(self, until: float) -> float:
        """Sleep until a time of the loop, or until the run is stopped; the time then."""
        now = self._loop.time()
        while now < until and not self.stop.is_set():
            await asyncio.sleep(min(max(until - now, _TICK), _NAP))
            now = self._loop.time()
        return now

    async def _wait_for_reports(self) -> None:
        """Wait for what is on its way. Devices that are off at the end stay off."""
        await self._until(
            lambda: self._rotations.is_idle and not any(session.is_expecting for session in self._sessions),
            self._settings.drain,
        )

    async def _end(self) -> None:
        for session in self._sessions:
            session.disconnect(clean=True)
        await self._commands.close()
        await self._rotations.close()
        await asyncio.gather(*(door.close() for door in self._doors.values()))

    async def _until(self, is_true: Callable[[], bool], seconds: float) -> None:
        deadline = self._loop.time() + seconds
        while not is_true() and self._loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self._ledger.flush()

    def _surroundings(self, door: str) -> Surroundings:
        accounts = Accounts(self._ledger, self.measures, self.measures.doors[door])
        remembered, states = self._settings.remembered, self.measures.states
        return Surroundings(self._doors[door], accounts, states, remembered, self._commands, self._rotations)


def _login(device: Registered, door: str) -> Login:
    """A gateway's devices have no key there."""
    return Login(device.id, device.name, "" if door == "gateway" else device.key)

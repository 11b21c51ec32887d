"""A verification finds what was done to a store behind the ledger's back."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from iotflow.batches import encode_batch
from iotflow.channels import credentials, open_channel
from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import DeleteTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow.writer import TelemetryWriter
from iotflow_simulators.ledger.entries import DeviceEntry, Header, ReadingEntry
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.verify.broker_kills import MOSQUITTO_KILLED, BrokerKill
from iotflow_simulators.verify.findings import FindingKind
from tests.integration.simulators.world import World

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

START = 1_768_435_200_000
TIMES = [START + number * 1_000 for number in range(4)]
LOST, WRONG, INVENTED, REFUSED, EXCUSED = FindingKind


class Prepared:
    """A device whose four readings are stored as the ledger says. The first three are acknowledged; the last one is not sent."""

    def __init__(self, world: World, name: str, door: str = "mqtt") -> None:
        self._world = world
        self._name = name
        self._door = door
        self._path = world.folder / f"{name}.ledger"
        self._id = 0
        self._key = ""

    async def register(self) -> None:
        """Make the device, and store its readings."""
        async with open_channel(self._world.target) as channel:
            request = RegisterDeviceRequest(name=self._name)
            device = (await DeviceServiceStub(channel).RegisterDevice(request)).device
        self._id, self._key = device.id, device.api_key
        await self.store(TIMES[:3], {"t": [0.5, 1.5, 2.5], "text": ["0", "1", "2"], "on": [True, False, True]})

    async def store(self, times: list[int], columns: Mapping[str, Any]) -> None:
        """Store more, or other values."""
        async with TelemetryWriter(self._world.target, api_key=self._key) as writer:
            await writer.send(encode_batch(times, columns))

    async def delete(self, time: int) -> None:
        """Remove one reading."""
        request = DeleteTelemetryRequest(device_id=self._id, start_time=str(time), end_time=str(time + 1))
        token = credentials(token=self._world.service.admin_token)
        async with open_channel(self._world.target) as channel:
            await TelemetryServiceStub(channel).DeleteTelemetry(request, metadata=token)

    async def found(
        self, *, refuse_last: bool = False, killed: bool = False, stated: Sequence[int] = ()
    ) -> list[tuple[str, str, int]]:
        """What the verification finds: kind, measurement, and the place of its time in TIMES. killed: the ledger has that Mosquitto
        was. stated: ms from now, when it was killed with an autosave_interval of ten seconds."""
        header = Header("findings", 1, "", START, START, self._world.target)
        device = DeviceEntry(self._name, self._id, self._door, True)
        with LedgerWriter(self._path, header, [device]) as ledger:
            texts = [b'{"t":%d.5,"text":"%d","on":%s}' % (n, n, b"false" if n % 2 else b"true") for n in range(4)]
            ledger.add_readings([ReadingEntry(0, n, TIMES[n], texts[n]) for n in range(4)])
            for number in range(3):
                ledger.acknowledge(number)
            if refuse_last:
                ledger.refuse(3, "RATE_LIMITED")
            if killed:
                ledger.event(MOSQUITTO_KILLED, autosave_seconds=1800)
            ledger.end(4)
        now = time.time_ns() // 1_000_000
        kills = [BrokerKill(now + offset, 10_000) for offset in stated]
        result = await self._world.verified(Ledger(self._path), wait=0, kills=kills)
        assert result.is_proved == all(each.kind is EXCUSED for each in result.examples)
        for kind in FindingKind:
            readings = {each.time for each in result.examples if each.kind is kind}
            assert result.doors[self._door].found[kind] == len(readings)
        return [(each.kind, each.measurement, (each.time - START) // 1_000) for each in result.examples]


@pytest.fixture
async def prepared(world: World, request: pytest.FixtureRequest) -> Prepared:
    """A new device for each test."""
    made = Prepared(world, request.node.originalname)
    await made.register()
    return made


async def test_nothing_is_found_where_nothing_was_done(prepared: Prepared) -> None:
    assert await prepared.found() == []


async def test_a_lost_reading(prepared: Prepared) -> None:
    await prepared.delete(TIMES[1])
    assert await prepared.found() == [(LOST, name, 1) for name in ("t", "text", "on")]


async def test_a_reading_lost_by_a_killed_broker_is_counted_apart(prepared: Prepared) -> None:
    await prepared.delete(TIMES[1])
    assert await prepared.found(killed=True) == [(EXCUSED, name, 1) for name in ("t", "text", "on")]


async def test_a_kill_that_a_person_states_counts_as_one_of_the_ledger(prepared: Prepared) -> None:
    await prepared.delete(TIMES[1])
    assert await prepared.found(stated=[5_000]) == [(EXCUSED, name, 1) for name in ("t", "text", "on")]


async def test_a_kill_long_after_an_acknowledgement_excuses_nothing(prepared: Prepared) -> None:
    await prepared.delete(TIMES[1])
    assert await prepared.found(stated=[60_000, -60_000]) == [(LOST, name, 1) for name in ("t", "text", "on")]


async def test_wrong_values(prepared: Prepared) -> None:
    await prepared.store(TIMES[:2], {"t": [0.5000000000000001, 1.5]})
    await prepared.store(TIMES[2:3], {"text": ["2 "], "on": [False]})
    assert sorted(await prepared.found()) == [(WRONG, "on", 2), (WRONG, "t", 0), (WRONG, "text", 2)]


async def test_invented_readings(prepared: Prepared) -> None:
    await prepared.store([START - 1], {"t": [3.5]})
    await prepared.store([TIMES[0]], {"other": [0.5]})
    assert sorted(await prepared.found()) == [(INVENTED, "other", 0), (INVENTED, "t", -1)]


async def test_a_reading_that_is_stored_though_it_was_refused(prepared: Prepared) -> None:
    await prepared.store([TIMES[3]], {"t": [3.5]})
    assert await prepared.found(refuse_last=True) == [(REFUSED, "t", 3)]


async def test_a_reading_that_was_never_acknowledged_is_absent_or_exact(prepared: Prepared) -> None:
    await prepared.store([TIMES[3]], {"t": [3.5]})
    assert await prepared.found() == []


async def test_a_reading_that_was_never_acknowledged_is_not_stored_otherwise(prepared: Prepared) -> None:
    await prepared.store([TIMES[3]], {"t": [4.5]})
    assert await prepared.found() == [(WRONG, "t", 3)]

"""Times that the server allocates to the readings of a stream, while the limit of a device is exceeded and otherwise."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.words import Role
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import Device
from iotflow_server.errors import DomainError, LimitExceeded, NotFound, Unavailable
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.telemetry.stream_batches import CONCURRENT_ALLOCATIONS, BatchReceiver
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.checks import Limits
from iotflow_server.telemetry.device_ingest import DeviceIngest
from iotflow_server.telemetry.outcome import Outcome, Tally
from iotflow_server.telemetry.ports import SERVER
from iotflow_server.telemetry.timestamps import AHEAD_MS

LATER = 0.02
GATEWAY = Principal(Role.GATEWAY, "token:gateway", token_id=1)
MISSING = NotFound("NO_DEVICE", "There is no such device.")


def stub(**members: object) -> Any:
    """An object with these members."""
    return SimpleNamespace(**members)


class Allocator:
    """Allocates 10, 20, 30, … to each device. errors: raised by the first calls for each device, in their order."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = errors
        self._newest: dict[int, int] = {}
        # The event loop's time, the device, the number of readings and the caller of each call.
        self.calls: list[tuple[float, int, int, str]] = []
        self.most_concurrent = self._concurrent = 0

    async def allocate(
        self, device_id: int, readings: int, *, caller: str = SERVER, after: int = 0, ahead_ms: int = AHEAD_MS
    ) -> range:
        assert (after, ahead_ms) == (0, AHEAD_MS)
        before = sum(called == device_id for _, called, _, _ in self.calls)
        self.calls.append((asyncio.get_running_loop().time(), device_id, readings, caller))
        self._concurrent += 1
        self.most_concurrent = max(self.most_concurrent, self._concurrent)
        await asyncio.sleep(0)
        self._concurrent -= 1
        if before < len(self._errors):
            raise self._errors[before]
        first = self._newest.get(device_id, 0) + 10
        times = range(first, first + 10 * readings, 10)
        self._newest[device_id] = times[-1]
        return times


class Server:
    """The parts that a stream uses. missing: devices that are deleted after the first look at them."""

    def __init__(self, allocator: Allocator, missing: Sequence[int] = ()) -> None:
        self.stored: list[tuple[int, list[int], list[float]]] = []
        self._missing = missing
        self._seen: set[int] = set()
        self.receiver = BatchReceiver(
            DeviceIngest(
                ingest=stub(put=self._put),
                device_cache=stub(get=self._device, known=lambda ids: [None] * len(ids)),
                last_seen=LastSeen(stub()),
                timestamps=allocator,
                limits=Limits(rows=1_000, columns=10, values=10_000, text_bytes=100, names=10),
                tally=Tally(),
            ),
            GATEWAY,
        )

    async def receive(self, *device_ids: int) -> list[tuple[int, int, str]]:
        """Receive a batch with a row of each of these devices; returns the rejections."""
        message = TelemetryBatch(sequence=1, server_times=True, device_ids=device_ids, timestamps=[0] * len(device_ids))
        message.columns.add(measurement="m").doubles.extend(range(len(device_ids)))
        pending = await self.receiver.receive(message)
        return [(one.index, one.count, one.reason) for one in (await pending.outcome()).rejections]

    async def _device(self, device_id: int) -> Device:
        if device_id in self._missing and device_id in self._seen:
            raise MISSING
        self._seen.add(device_id)
        return stub(id=device_id, status="active")  # type: ignore[no-any-return]

    async def _put(self, batches: Sequence[tuple[Device, Batch]]) -> list[asyncio.Future[Outcome]]:
        outcomes = []
        for device, batch in batches:
            self.stored.append((device.id, batch.times.tolist(), batch.columns[0].values.tolist()))
            outcomes.append(asyncio.get_running_loop().create_future())
            outcomes[-1].set_result(Outcome())
        return outcomes


async def test_a_stream_waits_while_the_limit_of_a_device_is_exceeded() -> None:
    allocator = Allocator(*(LimitExceeded("ARRIVAL_RATE", "too many", retry_after=LATER) for _ in range(2)))
    server = Server(allocator)
    assert await server.receive(7, 7) == []
    assert server.stored == [(7, [10, 20], [0.0, 1.0])]
    assert [call[1:] for call in allocator.calls] == [(7, 2, "token:gateway")] * 3
    first, second, third = (call[0] for call in allocator.calls)
    assert second - first > 0.9 * LATER
    assert third - second > 0.9 * LATER


async def test_the_times_of_a_device_increase_from_part_to_part() -> None:
    allocator = Allocator()
    server = Server(allocator)
    assert await server.receive(1, 1, 2, 1, 2) == []
    assert server.stored == [
        (1, [10, 20], [0.0, 1.0]),
        (2, [10], [2.0]),
        (1, [30], [3.0]),
        (2, [20], [4.0]),
    ]
    assert sorted(call[1:3] for call in allocator.calls) == [(1, 3), (2, 2)]


@pytest.mark.parametrize("devices", [1, CONCURRENT_ALLOCATIONS, 2 * CONCURRENT_ALLOCATIONS + 1])
async def test_times_of_many_devices_are_allocated_concurrently_up_to_a_limit(devices: int) -> None:
    allocator = Allocator()
    server = Server(allocator)
    assert await server.receive(*range(1, devices + 1)) == []
    assert [(device_id, times) for device_id, times, _ in server.stored] == [
        (number, [10]) for number in range(1, devices + 1)
    ]
    assert allocator.most_concurrent == min(devices, CONCURRENT_ALLOCATIONS)


@pytest.mark.parametrize("device_ids", [(1,), (1, 2)])
@pytest.mark.parametrize(
    "error", [Unavailable("STORE_UNAVAILABLE", "away"), LimitExceeded("QUERY_TOO_LONG", "too long")], ids=str
)
async def test_no_row_is_queued_if_no_time_can_be_allocated(error: DomainError, device_ids: tuple[int, ...]) -> None:
    """Also if another try cannot succeed."""
    allocator = Allocator(error)
    server = Server(allocator)
    with pytest.raises(type(error), match=error.message):
        await server.receive(*device_ids)
    assert server.stored == []
    assert len(allocator.calls) == len(device_ids)


async def test_a_device_that_is_deleted_during_the_wait_is_rejected() -> None:
    server = Server(Allocator(), missing=[1])
    assert await server.receive(1, 1, 2) == [(0, 2, "NO_DEVICE")]
    assert server.stored == [(2, [10], [2.0])]

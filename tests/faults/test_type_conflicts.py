"""A batch that IoTDB rejects among those of many devices is rejected alone and named."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from iotflow.batches import encode_batch
from iotflow.channels import credentials, open_channel
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.faults.readings import T0
from tests.faults.service import Device, Service

DEVICES, ROWS = 40, 5


def numbers(device: Device, first: int) -> TelemetryBatch:
    times = T0 + 1_000 * np.arange(first, first + ROWS)
    return encode_batch(times, {"m": times * device.id, "n": times / 8}, device_id=device.id)


def words(device: Device, first: int) -> TelemetryBatch:
    """Text for a measurement of numbers, and a measurement of unchanged type."""
    times = T0 + 1_000 * np.arange(first, first + ROWS)
    return encode_batch(times, {"m": ["five words"] * ROWS, "n": times / 8}, device_id=device.id)


async def sent(service: Service, batches: Sequence[TelemetryBatch]) -> list[StreamTelemetryResponse]:
    """Send all batches by one stream without a pause, so that they are written together."""
    for sequence, batch in enumerate(batches, 1):
        batch.sequence = sequence
    async with open_channel(service.server.target) as channel:
        metadata = credentials(token=service.server.admin_token)
        call = TelemetryServiceStub(channel).StreamTelemetry(iter(batches), metadata=metadata, timeout=60)
        answers = [answer async for answer in call]
    assert answers[-1].committed_sequence == len(batches)
    return answers


def named(answers: Sequence[StreamTelemetryResponse]) -> list[tuple[int, str, int, int, str]]:
    refused = [one for answer in answers for one in answer.rejected]
    return [(one.sequence, one.measurement, one.index, one.count, one.reason) for one in refused]


async def check(
    service: Service,
    devices: Sequence[Device],
    rounds: int,
    odd: Device,
    odd_round: int,
    besides: Mapping[tuple[str, int], object] = MappingProxyType({}),
) -> None:
    """Assert that all devices have all rounds, except for the texts of the odd one. besides: other values of the odd one."""
    for device in devices:
        times = [T0 + 1_000 * second for second in range(rounds * ROWS)]
        at_odds = {T0 + 1_000 * (odd_round * ROWS + row) for row in range(ROWS)} if device is odd else set()
        expected: dict[tuple[str, int], object] = {("n", time): time / 8 for time in times}
        expected |= {("m", time): time * device.id for time in times if time not in at_odds}
        expected |= besides if device is odd else {}
        stored = await service.stored(device)
        assert {(name, time): value for name in stored for time, value in stored[name].items()} == expected


async def test_a_conflict_in_a_group_affects_its_batch_only(service: Service) -> None:
    devices = await service.register(DEVICES)
    odd = service.random.choice(devices)
    assert named(await sent(service, [numbers(device, 0) for device in devices])) == []
    group = [(words if device is odd else numbers)(device, ROWS) for device in devices]
    assert named(await sent(service, group)) == [(devices.index(odd) + 1, "m", 0, ROWS, "TYPE_CONFLICT")]
    await check(service, devices, 2, odd, 1)
    await service.database.kill()
    await service.database.start()
    status = await service.caught_up()
    await check(service, devices, 2, odd, 1)
    # Its sender has the rejection, so the log does not repeat it.
    assert status.journal.rejected_values == 0


async def test_a_type_known_to_iotdb_only_affects_its_batch_only(service: Service) -> None:
    devices = await service.register(DEVICES)
    odd = service.random.choice(devices)
    await sent(service, [encode_batch([T0], {"n": [T0 / 8]}, device_id=device.id) for device in devices])
    # Another, unknown server has stored text of the device.
    session = service.database.session()
    session.execute(f"INSERT INTO root.iotflow.devices.device_{odd.id}(time, m) ALIGNED VALUES ({T0 - 1}, 'text')")
    session.close()
    group = [numbers(device, 0) for device in devices]
    assert named(await sent(service, group)) == [(devices.index(odd) + 1, "m", 0, ROWS, "TYPE_CONFLICT")]
    await check(service, devices, 1, odd, 0, {("m", T0 - 1): "text"})


async def test_a_conflict_while_iotdb_is_down_is_counted_and_named_later(service: Service) -> None:
    devices = await service.register(DEVICES)
    odd = service.random.choice(devices)
    await sent(service, [numbers(device, 0) for device in devices])
    await service.database.kill()
    group = [(words if device is odd else numbers)(device, ROWS) for device in devices]
    answers = await sent(service, group)
    assert named(answers) == []
    assert all(answer.buffered for answer in answers)
    await sent(service, [numbers(device, 2 * ROWS) for device in devices])
    await service.database.start()
    status = await service.caught_up()
    assert status.journal.rejected_values == ROWS, service.server.log
    (line,) = [line for line in service.server.log.splitlines() if "acknowledged_readings_rejected" in line]
    assert f'"device_id": {odd.id}' in line
    assert "TYPE_CONFLICT" in line
    await check(service, devices, 3, odd, 1)

"""A gateway with few readings of each of many devices: a batch for each device, and many devices in one batch."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from tests.bench.processor import peak_bytes
from tests.bench.server import Server, bench_server
from tests.bench.streams import T0, seconds
from tests.bench.table import Figure, Line

DEVICES, ROUNDS, COLUMNS, TOGETHER = 1_000, 20, 5, 100
READINGS = DEVICES * ROUNDS
# Readings of a fleet: more than may wait for their merge into the table of the store.
FLEET, FLEET_ROUNDS, FLEET_COLUMNS, FLEET_TOGETHER, FLEET_RATE = 5_000, 300, 3, 1_000, 15_000


def measure(folder: Path) -> Iterator[Line]:
    """Readings for each second of the server's processor time, and for each second."""
    with bench_server(folder / "gateway") as server:
        metadata, devices = server.gateway(), server.devices(DEVICES)
        rates, used = [], []
        # The first round creates the series.
        for together in (TOGETHER, 1, TOGETHER):
            sent = list(batches(devices, together, ROUNDS, COLUMNS))
            took, processor = asyncio.run(taken(server, metadata, sent))
            rates.append(READINGS / took)
            used.append(processor * 1e6 / READINGS)
    what = f"StreamTelemetry, a gateway's single readings × {COLUMNS} of {DEVICES:,} devices, {TOGETHER} in a batch"
    figure = Figure(rates[2], "/s", note=f"{used[2]:.0f} µs of processor a reading")
    baseline = Figure(rates[1], "/s", "a batch a device", f"{used[1]:.0f} µs")
    yield Line(what, figure, baseline, rates[2] / rates[1], None)
    yield fleet(folder / "fleet")


def fleet(folder: Path) -> Line:
    """Single readings of a fleet, of which most are merged meanwhile."""
    with bench_server(folder) as server:
        metadata, devices = server.gateway(), server.devices(FLEET)
        asyncio.run(taken(server, metadata, list(batches(devices, FLEET_TOGETHER, 1, FLEET_COLUMNS))))
        sent = list(batches(devices, FLEET_TOGETHER, FLEET_ROUNDS, FLEET_COLUMNS))
        took, processor = asyncio.run(taken(server, metadata, sent))
        memory = peak_bytes(server.process.pid)
    readings = FLEET * FLEET_ROUNDS
    rate = readings / took
    note = f"{processor * 1e6 / readings:.0f} µs of processor a reading; at most {memory / 1e6:.0f} MB"
    what = f"The same × {FLEET_COLUMNS} of {FLEET:,} devices, {FLEET_TOGETHER:,} in a batch, {readings:,} readings"
    return Line(what, Figure(rate, "/s", note=note), None, rate, FLEET_RATE, "/s")


async def taken(
    server: Server, metadata: tuple[tuple[str, str], ...], sent: list[TelemetryBatch]
) -> tuple[float, float]:
    """The seconds until all batches are acknowledged, and the server's seconds of processor time."""
    before = server.cpu_seconds()
    took = await seconds(server, metadata, sent)
    return took, server.cpu_seconds() - before


def batches(devices: list[int], together: int, rounds: int, columns: int) -> Iterator[TelemetryBatch]:
    """A reading of each device in each round."""
    for number in range(len(devices) * rounds // together):
        at, first = divmod(number * together, len(devices))
        message = TelemetryBatch(sequence=number + 1, timestamps=[T0 + at] * together)
        if together == 1:
            message.device_id = devices[first]
        else:
            message.device_ids.extend(devices[first : first + together])
        for column in range(columns):
            message.columns.add(measurement=f"m{column}", doubles=[at / 4 + column] * together)
        yield message

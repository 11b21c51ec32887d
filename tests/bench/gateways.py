"""A gateway with few readings of each of many devices: a batch for each device, and many devices in one batch."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from tests.bench.server import bench_server
from tests.bench.streams import T0, seconds
from tests.bench.table import Figure, Line

DEVICES, ROUNDS, COLUMNS, TOGETHER = 1_000, 20, 5, 100
READINGS = DEVICES * ROUNDS


def measure(folder: Path) -> list[Line]:
    """Readings for each second of the server's processor time, and for each second."""
    with bench_server(folder) as server:
        metadata, devices = server.gateway(), server.devices(DEVICES)
        rates, used = [], []
        # The first round creates the series.
        for together in (TOGETHER, 1, TOGETHER):
            before = server.cpu_seconds()
            took = asyncio.run(seconds(server, metadata, list(batches(devices, together))))
            rates.append(READINGS / took)
            used.append((server.cpu_seconds() - before) * 1e6 / READINGS)
    what = f"StreamTelemetry, a gateway's single readings × {COLUMNS} of {DEVICES:,} devices, {TOGETHER} in a batch"
    figure = Figure(rates[2], "/s", note=f"{used[2]:.0f} µs of processor a reading")
    baseline = Figure(rates[1], "/s", "a batch a device", f"{used[1]:.0f} µs")
    return [Line(what, figure, baseline, rates[2] / rates[1], None)]


def batches(devices: list[int], together: int) -> Iterator[TelemetryBatch]:
    """A reading of each device in each round."""
    for number in range(READINGS // together):
        at, first = divmod(number * together, len(devices))
        message = TelemetryBatch(sequence=number + 1, timestamps=[T0 + at] * together)
        if together == 1:
            message.device_id = devices[first]
        else:
            message.device_ids.extend(devices[first : first + together])
        for column in range(COLUMNS):
            message.columns.add(measurement=f"m{column}", doubles=[at / 4 + column] * together)
        yield message

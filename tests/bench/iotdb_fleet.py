"""Many devices with one reading at a time: the rate, and the latency of acknowledgements."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.bench.generator import Metadata, opened
from tests.bench.http2 import framed
from tests.bench.messages import Shapes
from tests.bench.processor import Meter
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line
from tests.support.iotdb import LONG_RUN, running_iotdb

DEVICES, STREAMS, FIELDS = 1_000, 100, 6
ROUNDS = 40
PATIENCE_MS = 100


@dataclass(slots=True)
class Taken:
    """The time of one run. delays: seconds from the due time of a reading to its acknowledgement."""

    seconds: float = 0.0
    delays: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Readings per second."""
        return len(self.delays) / self.seconds

    def percentile(self, percent: float) -> float:
        """A percentile of the delays, in milliseconds."""
        return float(np.percentile(self.delays, percent)) * 1_000


def measure(folder: Path) -> Iterator[Line]:
    """At the highest rate, with one unacknowledged reading of each device; and at half that rate."""
    with (
        running_iotdb(java=LONG_RUN) as iotdb,
        bench_server(folder / "fleet", f"iotdb://root:root@127.0.0.1:{iotdb.port}") as server,
    ):
        fleet = Fleet(server)
        fleet.run(ROUNDS // 3, 0.0)
        meter = Meter({"server": [server.process.pid], "IoTDB": iotdb.pids})
        top = fleet.run(ROUNDS, 0.0)
        processor = meter.seconds_for(len(top.delays) / 1e3)
        half = fleet.run(ROUNDS // 2, 2 * DEVICES / top.rate)
    what = f"{DEVICES:,} devices' readings of {FIELDS} fields, {STREAMS} streams"
    note = (
        f"p50 {top.percentile(50):.0f} ms, p99 {top.percentile(99):.0f} ms; processor seconds a thousand: {processor}"
    )
    yield Line(what, Figure(top.rate, "readings/s", note=note), None, top.rate, None, "/s")
    what, p99 = "At half that rate, p99 to acknowledgement", half.percentile(99)
    figure = Figure(p99, "ms", "p99", f"p50 {half.percentile(50):.0f} ms; {half.rate:,.0f} readings/s")
    yield Line(what, figure, None, p99, PATIENCE_MS, " ms", at_most=True)


class Fleet:
    """Devices that send through streams of gateways."""

    def __init__(self, server: Server) -> None:
        self._address = server.address
        self._gateway: Metadata = server.gateway()
        self._devices = server.devices(DEVICES)
        self._shapes = Shapes(1, FIELDS)
        self._rounds = 0

    def run(self, rounds: int, every: float) -> Taken:
        """A reading of each device in each round. every: seconds between rounds; 0.0: each round begins at the end of the one before."""
        first, self._rounds = self._rounds, self._rounds + rounds
        streams = [self._messages(self._devices[number::STREAMS], first, rounds) for number in range(STREAMS)]
        return asyncio.run(self._all(streams, every))

    def _messages(self, devices: Sequence[int], first: int, rounds: int) -> list[bytes]:
        """The bytes of each round."""
        made = []
        for number in range(rounds):
            places = enumerate(devices, number * len(devices) + 1)
            messages = [self._shapes.message(place, device, first + number) for place, device in places]
            made.append(b"".join(framed(message.head, message.columns) for message in messages))
        return made

    async def _all(self, streams: Sequence[Sequence[bytes]], every: float) -> Taken:
        taken = Taken()
        began = time.perf_counter()
        # Evenly over the round, as independent devices.
        starts = (began + every * number / len(streams) for number in range(len(streams)))
        sendings = zip(streams, starts, strict=True)
        await asyncio.gather(*(self._one(rounds, start, every, taken) for rounds, start in sendings))
        taken.seconds = time.perf_counter() - began
        return taken

    async def _one(self, rounds: Sequence[bytes], start: float, every: float, taken: Taken) -> None:
        together = DEVICES // STREAMS
        due = start
        acknowledged = 0

        def record(sequence: int) -> None:
            nonlocal acknowledged
            taken.delays.extend([time.perf_counter() - due] * (sequence - acknowledged))
            acknowledged = sequence

        async with opened(self._address, self._gateway, record) as sender:
            for number, messages in enumerate(rounds):
                due = start + number * every if every else time.perf_counter()
                await _until(due)
                await sender.stream.send(messages)
                await sender.acknowledged((number + 1) * together)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.perf_counter()))

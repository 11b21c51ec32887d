"""StreamTelemetry through the journal into IoTDB, against IoTDB's own client at the same server."""

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from tests.bench import raw
from tests.bench.generator import Sending, seconds
from tests.bench.messages import Message, Shapes
from tests.bench.processor import Meter
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line
from tests.support.iotdb import LONG_RUN, running_iotdb

WIDE = (1_000, 10)
WIDE_TABLETS, WIDE_BATCHES = 6_000, 3_000
SMALL = (100, 5)
DEVICES, GATEWAY_STREAMS = 100, 16
SMALL_CALLS, SMALL_BATCHES = 500, 24_000
SYNC_SESSIONS = 8
SYNC_WIDE_TABLETS, SYNC_SMALL_TABLETS = 1_000, 2_400


def measure(folder: Path) -> Iterator[Line]:
    """Wide batches of a few devices, and small batches of many."""
    with running_iotdb({"wal_mode": "SYNC"}, LONG_RUN) as sync:
        slow = Baseline(sync.port)
        slow.wide(SYNC_WIDE_TABLETS // 4)
        slow.small_by_sessions(SYNC_SMALL_TABLETS // 4)
        wide_sync, small_sync = slow.wide(SYNC_WIDE_TABLETS), slow.small_by_sessions(SYNC_SMALL_TABLETS)
    with running_iotdb(java=LONG_RUN) as iotdb:
        url = f"iotdb://root:root@127.0.0.1:{iotdb.port}"
        with bench_server(folder / "iotdb", url) as server:
            pids = {"server": [server.process.pid], "IoTDB": iotdb.pids}
            baseline, service = Baseline(iotdb.port), Service(server)
            yield from _wide_lines(baseline, service, pids, wide_sync)
            yield from _small_lines(baseline, service, pids, small_sync)


def _wide_lines(baseline: "Baseline", service: "Service", pids: dict[str, list[int]], sync: float) -> Iterator[Line]:
    baseline.wide(WIDE_TABLETS // 2)
    service.wide(4, WIDE_BATCHES // 4)
    before = baseline.wide(WIDE_TABLETS)
    measured = {}
    for streams in (4, 1):
        meter = Meter(pids)
        rate = service.wide(streams, WIDE_BATCHES)
        measured[streams] = (rate, _millions(rate, note=_processor(meter, WIDE_BATCHES * WIDE[0] * WIDE[1])))
    best = max(before, baseline.wide(WIDE_TABLETS))
    against = _millions(best, "insert_aligned_tablet, 1 session")
    for streams, target in ((4, 0.6), (1, 0.45)):
        rate, figure = measured[streams]
        yield Line(f"StreamTelemetry to IoTDB, {streams} × (1,000 × 10)", figure, against, rate / best, target)
    four, _ = measured[4]
    yield Line("The 4 streams against wal_mode=SYNC", _millions(four), _millions(sync, "1 session"), four / sync, 3)


def _small_lines(baseline: "Baseline", service: "Service", pids: dict[str, list[int]], sync: float) -> Iterator[Line]:
    baseline.small_together(SMALL_CALLS // 2)
    service.small(SMALL_BATCHES // 4)
    before, making_before = baseline.small_together(SMALL_CALLS), baseline.small_made_and_sent(SMALL_CALLS)
    meter = Meter(pids)
    rate = service.small(SMALL_BATCHES)
    figure = _millions(rate, note=_processor(meter, SMALL_BATCHES * SMALL[0] * SMALL[1]))
    making = max(making_before, baseline.small_made_and_sent(SMALL_CALLS))
    best = max(before, baseline.small_together(SMALL_CALLS))
    what = f"StreamTelemetry to IoTDB, {GATEWAY_STREAMS} streams of {DEVICES} devices' 100 × 5"
    yield Line(what, figure, _millions(making, f"insert_aligned_tablets of {DEVICES}"), rate / making, 0.25)
    against = _millions(best, "the tablets made beforehand")
    yield Line("The same against a client that has nothing to do", _millions(rate), against, rate / best, None)
    against = _millions(sync, f"{SYNC_SESSIONS} sessions")
    yield Line("The same against wal_mode=SYNC", _millions(rate), against, rate / sync, 10)


class Baseline:
    """IoTDB's own client; rates in values per second. Each call continues with later times."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._wide = raw.Tablets(*WIDE)
        self._small = raw.Tablets(*SMALL)
        self._blocks = count()

    def wide(self, number: int) -> float:
        """Tablets of one device, in one session."""
        tablets = [self._wide.tablet("root.raw.wide", next(self._blocks)) for _ in range(number)]
        return number * self._wide.values / raw.one_by_one(self._port, [tablets])

    def small_by_sessions(self, number: int) -> float:
        """Tablets of many devices one by one, in several sessions."""
        tablets = [self._small_tablet(place, next(self._blocks)) for place in range(number)]
        parts = [tablets[first::SYNC_SESSIONS] for first in range(SYNC_SESSIONS)]
        return number * self._small.values / raw.one_by_one(self._port, parts)

    def small_together(self, number: int) -> float:
        """A call for each tablet of each device, in one session."""
        blocks = [next(self._blocks) for _ in range(number)]
        calls = [self._call(block) for block in blocks]
        return number * DEVICES * self._small.values / raw.together(self._port, calls)

    def small_made_and_sent(self, number: int) -> float:
        """The same with tablets that are made during the measurement, as programs do."""
        blocks = [next(self._blocks) for _ in range(number)]
        return number * DEVICES * self._small.values / raw.together(self._port, map(self._call, blocks))

    def _call(self, block: int) -> list[object]:
        return [self._small_tablet(device, block) for device in range(DEVICES)]

    def _small_tablet(self, device: int, block: int) -> object:
        return self._small.tablet(f"root.raw.small_{device % DEVICES}", block)


class Service:
    """The server's StreamTelemetry; rates in values per second. Each call continues with later times."""

    def __init__(self, server: Server) -> None:
        self._address = server.address
        self._wide = Shapes(*WIDE)
        self._small = Shapes(*SMALL)
        self._keys = [server.register(f"wide {number}") for number in range(4)]
        self._gateway, self._devices = server.gateway(), server.devices(DEVICES)
        self._blocks = count(step=1_000_000)

    def wide(self, streams: int, number: int) -> float:
        """This number of batches in total, in a stream for each device."""
        first = next(self._blocks) // WIDE[0]
        sendings = [
            Sending(key, list(self._wide.messages(number // streams, 0, first))) for key in self._keys[:streams]
        ]
        return number * self._wide.values / seconds(self._address, sendings)

    def small(self, number: int) -> float:
        """This number of batches in total, in streams of a gateway. Each stream has its own devices in turn."""
        first = next(self._blocks) // SMALL[0]
        share = number // GATEWAY_STREAMS
        parts = [self._devices[stream::GATEWAY_STREAMS] for stream in range(GATEWAY_STREAMS)]
        sendings = [Sending(self._gateway, self._small_messages(devices, share, first)) for devices in parts]
        return number * self._small.values / seconds(self._address, sendings)

    def _small_messages(self, devices: Sequence[int], number: int, first: int) -> list[Message]:
        turns = (divmod(place, len(devices)) for place in range(number))
        return [
            self._small.message(place, devices[device], first + turn) for place, (turn, device) in enumerate(turns, 1)
        ]


def _processor(meter: Meter, values: int) -> str:
    return f"processor seconds a million: {meter.seconds_for(values / 1e6)}"


def _millions(rate: float, name: str = "", note: str = "") -> Figure:
    return Figure(rate / 1e6, "M values/s", name, note)

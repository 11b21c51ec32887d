"""The ways from MQTT to the store against Mosquitto → Telegraf → InfluxDB, in one run: `make bench-peers`."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.bench import mqtt_load
from tests.bench.mqtt_load import Load, LoadResult
from tests.bench.own_stack import OwnStack
from tests.bench.peer import Peer
from tests.bench.processor import cpu_seconds, forget_peak, peak_bytes
from tests.bench.table import Figure, Line
from tests.bench.telegraf import TelegrafStack
from tests.support.processes import running

SECONDS = 25
FEW = Load(connections=100, interval=1 / 200, fields=6, seconds=SECONDS, spread=1)
MANY = Load(connections=5_000, interval=1 / 3, fields=3, seconds=SECONDS, spread=8)
KILLED = Load(connections=100, interval=1 / 50, fields=3, seconds=5, spread=1)
STORM = Load(connections=5_000, interval=1, fields=3, seconds=0, spread=2)
HELD = Load(connections=15_000, interval=30, fields=3, seconds=30, spread=15)
# Seconds for the last readings to be stored, and without a further one after which no more are expected.
STORED, SILENT = 120.0, 10.0
POLL_SECONDS = 0.1
THEIRS, ADAPTER, ENDPOINT = "Mosquitto → Telegraf → InfluxDB", "Mosquitto → adapter → SQLite", "endpoint → SQLite"


@dataclass(frozen=True, slots=True)
class Measured:
    """rate: stored messages per second. behind, whole: microseconds of processor a message, behind the broker and with it."""

    rate: float
    behind: float
    whole: float
    result: LoadResult

    def figure(self, name: str = "") -> Figure:
        """The rate, with the processor time."""
        delays = f"acknowledged after p50 {self.result.delay_p50:.1f} ms, p99 {self.result.delay_p99:.0f} ms"
        return Figure(self.rate, "/s", name, f"{self.whole:.0f} µs of processor a message with the broker; {delays}")


def measure(folder: Path) -> Iterator[Line]:
    """Rates and processor time of two loads, the endpoint's delays at half of one, and what a kill of everything loses."""
    program = mqtt_load.build(folder)

    def measured(name: str, peer: Callable[[Path], Peer], load: Load) -> Measured:
        place = folder / name
        place.mkdir()
        with closing(peer(place)) as made:
            return _measured(made, program, load)

    for number, (what, load) in enumerate((("100 × 6", FEW), ("5,000 × 3", MANY))):
        theirs = measured(f"theirs {number}", TelegrafStack, load)
        adapter = measured(f"adapter {number}", lambda place: OwnStack(place, "mosquitto"), load)
        endpoint = measured(f"endpoint {number}", lambda place: OwnStack(place, "embedded"), load)
        offered = f"MQTT QoS 1, {what} values, {load.rate:,.0f}/s offered"
        yield _rate(f"{offered}: {ADAPTER}", adapter, theirs, 1.0)
        yield _processor(f"{offered}: {ADAPTER}, behind the broker", adapter.behind, theirs.behind)
        yield _rate(f"{offered}: {ENDPOINT}", endpoint, theirs, 0.8)
        yield _processor(f"{offered}: {ENDPOINT}, with the broker", endpoint.whole, theirs.whole)
    half = Load(MANY.connections, MANY.interval * 2, MANY.fields, MANY.seconds, MANY.spread)
    delay = measured("half", lambda place: OwnStack(place, "embedded"), half).result
    note = f"p50 {delay.delay_p50:.1f} ms; the generator itself p99 {delay.send_delay_p99:.1f} ms late"
    what = f"{ENDPOINT}, publish to acknowledged, {half.connections:,} connections, {half.rate:,.0f}/s"
    yield Line(what, Figure(delay.delay_p99, "ms", "p99", note), None, delay.delay_p99, 100, " ms", at_most=True)
    yield _killed(folder, program)
    yield from _connections(folder, program)


def _rate(what: str, ours: Measured, theirs: Measured, least: float) -> Line:
    return Line(what, ours.figure(), theirs.figure(THEIRS), ours.rate / theirs.rate, least)


def _processor(what: str, ours: float, theirs: float) -> Line:
    figure, against = (Figure(one, "µs of processor a message") for one in (ours, theirs))
    return Line(what, figure, against, ours / theirs, 1.2, at_most=True)


def _measured(peer: Peer, program: Path, load: Load) -> Measured:
    peer.start()
    logins, stored_before = peer.logins(load.connections), peer.stored()
    behind, whole = peer.behind_the_broker, peer.with_the_broker
    behind_before, whole_before = cpu_seconds(behind), cpu_seconds(whole)
    with running(mqtt_load.command(program, peer.port, logins, load)) as generator:
        code = generator.exit_code(load.spread + load.seconds + STORED)
        assert code == 0, generator.output
    result = mqtt_load.parsed(generator.output)
    assert not result.failed, result.problem
    stored = _all_stored(peer, result.acknowledged, stored_before)
    took = max(time.time() - result.first / 1_000, load.seconds)
    behind_used, whole_used = cpu_seconds(behind) - behind_before, cpu_seconds(whole) - whole_before
    return Measured(stored / took, behind_used / stored * 1e6, whole_used / stored * 1e6, result)


def _all_stored(peer: Peer, expected: int, before: int = 0) -> int:
    """The number of stored messages, once all are, or no further one has come for some time."""
    found, since = peer.stored() - before, time.monotonic()
    while found < expected and time.monotonic() < since + SILENT:
        time.sleep(POLL_SECONDS)
        now = peer.stored() - before
        if now > found:
            found, since = now, time.monotonic()
    return found


def _killed(folder: Path, program: Path) -> Line:
    """Everything is killed right after the last acknowledgement."""
    theirs, ours = TelegrafStack(_made(folder / "killed theirs")), OwnStack(_made(folder / "killed ours"), "embedded")
    with closing(theirs), closing(ours):
        lost = _lost(theirs, program, lambda _, expected: _all_stored(theirs, expected))
        own_lost = _lost(ours, program, lambda ids, _: ours.count(ids))
    what = f"Lost of {KILLED.connections * KILLED.seconds / KILLED.interval:,.0f}, all killed after the last acknowledgement: {ENDPOINT}"
    return Line(what, Figure(own_lost, "lost"), Figure(lost, "lost", THEIRS), own_lost, 0, " lost", at_most=True)


def _connections(folder: Path, program: Path) -> Iterator[Line]:
    """A storm of clients that connect, and the memory of many connections that publish seldom."""
    with closing(OwnStack(_made(folder / "connections"), "embedded")) as own:
        own.start()
        logins = own.logins(HELD.connections)
        some = folder / "some logins"
        some.write_text("".join(logins.read_text().splitlines(keepends=True)[: STORM.connections]))
        slowest = mqtt_load.publish(program, own.port, some, STORM)
        assert not slowest.failed, slowest.problem
        what = f"{STORM.connections:,} clients connect within {STORM.spread:.0f} s, the slowest login"
        figure = Figure(slowest.connect_max, "ms", note=f"p99 {slowest.connect_p99:.0f} ms")
        yield Line(what, figure, None, slowest.connect_max, 5_000, " ms", at_most=True)
        forget_peak(own.gateway)
        before = peak_bytes(own.gateway)
        held = mqtt_load.publish(program, own.port, logins, HELD)
        assert not held.failed, held.problem
        each = (peak_bytes(own.gateway) - before) / HELD.connections / 1_000
        what = f"Memory of one of {HELD.connections:,} connections of the endpoint, each with a message in {HELD.interval:.0f} s"
        yield Line(what, Figure(each, "kB"), None, each, 12, " kB", at_most=True)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _lost(peer: Peer, program: Path, count: Callable[[list[int], int], int]) -> int:
    peer.start()
    logins = peer.logins(KILLED.connections)
    with running(mqtt_load.command(program, peer.port, logins, KILLED)) as generator:
        generator.wait_for_lines(lambda line: line.startswith("{"), within=STORED)
        peer.kill()
        assert generator.exit_code() == 0
    result = mqtt_load.parsed(generator.output)
    peer.start()
    ids = [int(line.split()[0]) for line in logins.read_text().splitlines()]
    return result.acknowledged - count(ids, result.acknowledged)

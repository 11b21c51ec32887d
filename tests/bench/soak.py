"""Long runs of the whole service: `make soak`, or `python -m tests.bench.soak RUN`; each run's options: `… RUN --help`.

fleet: simulated devices through all doors, with faults of many kinds, while parts of the service are killed.
thingsboard-b: the published reference scenario of that name. mqtt: a constant load of a compiled generator. memory: the server's
memory under constant load. `iotflow verify` proves what became of every reading, except of the last. Without RUN, one after the other.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench import fleet_soak, memory_soak, mqtt_soak
from tests.bench.mqtt_load import Load
from tests.bench.table import machine
from tests.support.fleet_soak import scenario
from tests.support.iotdb import LONG_RUN, running_iotdb


def _fleet(options: argparse.Namespace) -> int:
    text = scenario(options.devices, int(options.minutes * 60), options.interval)
    return _simulated(options, lambda folder: _file(folder / "soak.yaml", text), kills=True)


def _thingsboard(options: argparse.Namespace) -> int:
    return _simulated(options, lambda _: "thingsboard-b", kills=False)


def _simulated(options: argparse.Namespace, chosen: Callable[[Path], str], *, kills: bool) -> int:
    with _store(options.telemetry) as (folder, url):
        return fleet_soak.run(folder, chosen(folder), options.minutes * 60, url, options.broker, kills=kills)


@contextmanager
def _store(kind: str) -> Iterator[tuple[Path, str]]:
    """A folder, and the value of the setting `IOTFLOW_TELEMETRY`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        iotdb = stack.enter_context(running_iotdb(java=LONG_RUN)) if kind == "iotdb" else None
        yield folder, f"iotdb://root:root@127.0.0.1:{iotdb.port}" if iotdb else "sqlite"


def _mqtt(options: argparse.Namespace) -> int:
    interval, seconds = options.connections / options.rate, round(options.minutes * 60)
    load = Load(options.connections, interval, options.fields, seconds, options.spread)
    with _store(options.telemetry) as (folder, url):
        return mqtt_soak.run(folder, load, url, options.broker)


def _file(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def _memory(options: argparse.Namespace) -> int:
    memory_soak.run(options.minutes, options.rate)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    runs = parser.add_subparsers(metavar="RUN")
    for name, run in (("fleet", _fleet), ("thingsboard-b", _thingsboard), ("mqtt", _mqtt), ("memory", _memory)):
        one = runs.add_parser(name, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        one.add_argument("--minutes", type=float, default=30 if run is _memory else 10, help="length of the run")
        one.set_defaults(run=run)
        if run is _memory:
            one.add_argument("--rate", type=float, default=300, help="single readings a second")
            continue
        one.add_argument("--telemetry", choices=["sqlite", "iotdb"], default="sqlite", help="store")
        broker = "mosquitto" if run is _thingsboard else "embedded"
        one.add_argument("--broker", choices=["embedded", "mosquitto"], default=broker, help="MQTT broker")
        if run is _fleet:
            one.add_argument("--devices", type=int, default=10_000, help="a multiple of 10")
            one.add_argument("--interval", default="10s", help="between two readings of a device")
        if run is _mqtt:
            one.add_argument("--connections", type=int, default=5_000, help="devices")
            one.add_argument("--rate", type=float, default=15_000, help="messages a second")
            one.add_argument("--fields", type=int, default=3, help="values of a message")
            one.add_argument("--spread", type=float, default=10, help="seconds over which the connections are opened")
    return parser


def main(arguments: list[str]) -> int:
    """0 where every reading was proved."""
    sys.stdout.write(f"{machine()}\n")
    parser = _parser()
    chosen = [arguments] if arguments else [["fleet"], ["thingsboard-b"], ["mqtt"], ["memory"]]
    codes: list[int] = [options.run(options) for options in map(parser.parse_args, chosen)]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs `iotflow simulate` against the whole service, kills parts of it meanwhile, and proves the result by `iotflow verify`."""

import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.processor import Meter
from tests.support.fleet_soak import KILLED, kill
from tests.support.processes import IOTFLOW, Running, children, free_port, running
from tests.support.service import Service, iotflow_up

# Seconds for the start of the service, for registration and connection, for what is on its way at the end, and for the proof.
START, BEGIN, DRAIN, PROOF = 120.0, 600.0, 600.0, 1_800.0
_PROGRESS = re.compile(r"iotflow: (\d+) s: ")


def run(folder: Path, scenario: str, seconds: float, telemetry: str, broker: str, *, kills: bool) -> int:
    """The exit code of `iotflow verify`. scenario: a file or preset. seconds: its length. telemetry: the value of that setting."""
    data_dir, ledger = folder / "data", folder / "ledger"
    options = ["--broker", broker, "--mqtt-port", str(free_port())]
    with iotflow_up(data_dir, {"IOTFLOW_TELEMETRY": telemetry}, *options, within=START) as service:
        simulate = ["simulate", scenario, "--duration", f"{seconds:.0f}s", "--ledger", str(ledger)]
        with running([IOTFLOW, *simulate, "--data-dir", str(data_dir)]) as simulation:
            broker_kills = _accompany(simulation, service, seconds, kills=kills)
            code = simulation.exit_code(DRAIN)
            _show(simulation)
        if code:
            return code
        stated = [word for time in broker_kills for word in ("--broker-killed-at", time)]
        with running([IOTFLOW, "verify", str(ledger), "--data-dir", str(data_dir), *stated]) as proof:
            code = proof.exit_code(PROOF)
            _show(proof)
    return code


def _accompany(simulation: Running, service: Service, seconds: float, *, kills: bool) -> list[str]:
    """Until the end of the schedule: kill parts at their times, or measure the processor time of all. When a Mosquitto was killed."""
    first = simulation.wait_for_lines(lambda line: _PROGRESS.match(line) is not None, within=BEGIN)[0]
    end = time.monotonic() + seconds - float(_PROGRESS.match(first)[1])  # type: ignore[index]
    up = service.process.pid
    meter = Meter(
        {command.split()[-1]: [pid] for command, pid in children(up).items()} | {"simulator": [simulation.pid]}
    )
    broker_kills = []
    for share, part in KILLED if kills else ():
        _wait(simulation, end - (1 - share) * seconds)
        if kill(up, part):
            _print(f"{share:.0%} of the schedule: {part} killed")
            if "mosquitto" in part:
                broker_kills.append(datetime.now(UTC).isoformat(timespec="seconds"))
    _wait(simulation, end)
    if not kills:
        _print(f"processor, of one core: {meter.seconds_for(seconds)}")
    return broker_kills


def _wait(simulation: Running, until: float) -> None:
    while simulation.alive and time.monotonic() < until:
        time.sleep(0.1)


def _show(program: Running) -> None:
    _print("\n".join(line for line in program.output.splitlines() if not _PROGRESS.match(line)))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

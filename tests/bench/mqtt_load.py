"""Load of the compiled generator in mqttload/: a deterministic sequence of messages over many MQTT connections."""

import csv
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.device_imports import run_import
from tests.support.processes import running
from tests.support.service import Service

_SOURCE = Path(__file__).with_name("mqttload")
# Seconds for the generator's own build, and beyond the length of a run for its connections and last acknowledgements.
_BUILD, _SLACK = 300.0, 300.0


@dataclass(frozen=True, slots=True)
class Load:
    """connections: each with one message an interval. interval: in seconds. fields: values of a message. seconds: 0 only connects.
    spread: seconds over which the connections are opened."""

    connections: int
    interval: float
    fields: int
    seconds: int
    spread: float = 10.0

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.connections / self.interval


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What the generator saw. Times in ms. first: when the first message was due, ms since 1970. delay: from when a message was due
    until its acknowledgement. send_delay: until it was sent, which is the generator's own."""

    connections: int
    failed: int
    problem: str
    connect_p99: float
    connect_max: float
    first: int
    messages: int
    sent: int
    acknowledged: int
    lost_connections: int
    delay_p50: float
    delay_p99: float
    delay_max: float
    send_delay_p99: float
    seconds_to_last: float


def register(folder: Path, service: Service, count: int) -> Path:
    """Register devices; the generator's file of their user names, which are their ids, and keys."""
    devices, keys = folder / "devices.csv", folder / "keys.csv"
    devices.write_text("name\n" + "".join(f"load-{number:05}\n" for number in range(count)))
    run_import(devices, keys, f"127.0.0.1:{service.grpc_port}", service.admin_token)
    with keys.open(newline="") as file:
        # Its first line is a comment.
        next(file)
        rows = sorted(csv.DictReader(file), key=lambda row: row["name"])
    assert len(rows) == count
    logins = folder / "logins"
    logins.write_text("".join(f"{row['id']} {row['api_key']}\n" for row in rows))
    return logins


def build(folder: Path) -> Path:
    """The generator's program. Needs Go."""
    program = folder / "mqttload"
    subprocess.run(["go", "build", "-o", program, "."], cwd=_SOURCE, check=True, timeout=_BUILD)
    return program


def command(program: Path, port: int, logins: Path, load: Load, fates: Path | None = None) -> list[str]:
    """The command line of a run. fates: the file that it writes."""
    options = {
        "address": f"127.0.0.1:{port}",
        "credentials": str(logins),
        "interval": f"{load.interval * 1e9:.0f}ns",
        "seconds": str(load.seconds),
        "fields": str(load.fields),
        "spread": f"{load.spread * 1e3:.0f}ms",
        **({"fates": str(fates)} if fates else {}),
    }
    return [str(program), *(f"-{name}={value}" for name, value in options.items())]


def publish(program: Path, port: int, logins: Path, load: Load, fates: Path | None = None) -> LoadResult:
    """Run to the end."""
    with running(command(program, port, logins, load, fates)) as generator:
        assert generator.exit_code(load.spread + load.seconds + _SLACK) == 0, generator.output
        return parsed(generator.output)


def parsed(output: str) -> LoadResult:
    """The result that the generator printed."""
    return LoadResult(**json.loads(output.splitlines()[-1]))

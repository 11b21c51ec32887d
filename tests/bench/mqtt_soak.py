"""A constant load by MQTT for a long time: the rate, the delays, the memory of each process; and a proof of every reading."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench import mqtt_load
from tests.bench.load_ledger import write_ledger
from tests.bench.mqtt_load import Load, LoadResult
from tests.bench.processor import Meter
from tests.support.processes import IOTFLOW, Running, children, free_port, running
from tests.support.service import iotflow_up

# Seconds for the start of the service, for the connections and last acknowledgements, and for the proof.
START, DRAIN, PROOF = 120.0, 600.0, 3_600.0
SAMPLES = 10


def run(folder: Path, load: Load, telemetry: str, broker: str) -> int:
    """The exit code of `iotflow verify`. telemetry: the value of that setting."""
    data_dir, ledger, fates, port = folder / "data", folder / "ledger", folder / "fates", free_port()
    options = ["--broker", broker, "--mqtt-port", str(port)]
    with iotflow_up(data_dir, {"IOTFLOW_TELEMETRY": telemetry}, *options, within=START) as service:
        program, logins = mqtt_load.build(folder), mqtt_load.register(folder, service, load.connections)
        with running(mqtt_load.command(program, port, logins, load, fates)) as generator:
            _watch(generator, service.process.pid, load)
            assert generator.exit_code(DRAIN) == 0, generator.output
            result = mqtt_load.parsed(generator.output)
        _print(_text(load, result))
        write_ledger(ledger, logins, fates, load, result, f"127.0.0.1:{service.grpc_port}")
        with running([IOTFLOW, "verify", str(ledger), "--data-dir", str(data_dir)]) as proof:
            code = proof.exit_code(PROOF)
            _print(proof.output)
    return code


def _watch(generator: Running, up: int, load: Load) -> None:
    """Print the memory of all parts from time to time, and at the end their processor time."""
    pids = {command.split()[-1]: pid for command, pid in children(up).items()} | {"mqttload": generator.pid}
    began, meter = time.monotonic(), Meter({name: [pid] for name, pid in pids.items()})
    length = load.spread + load.seconds
    _print_memory(0, pids)
    for sample in range(1, SAMPLES + 1):
        while generator.alive and time.monotonic() < began + length * sample / SAMPLES:
            time.sleep(0.1)
        if generator.alive:
            _print_memory(time.monotonic() - began, pids)
    _print(f"processor, of one core: {meter.seconds_for(length)}")


def _print_memory(seconds: float, pids: Mapping[str, int]) -> None:
    sizes = ", ".join(f"{name} {_resident(pid) / 2**20:.1f} MiB" for name, pid in pids.items())
    _print(f"{seconds:.0f} s: {sizes}")


def _resident(pid: int) -> int:
    """Bytes of resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def _text(load: Load, result: LoadResult) -> str:
    return (
        f"{result.connections:,} connections ({result.failed} failed, {result.lost_connections} lost), "
        f"connected after p99 {result.connect_p99:.0f} ms, at most {result.connect_max:.0f} ms; "
        f"{load.rate:,.0f} messages/s offered: {result.sent:,} sent, {result.acknowledged:,} acknowledged; "
        f"acknowledged after p50 {result.delay_p50:.1f} ms, p99 {result.delay_p99:.1f} ms, at most {result.delay_max:.0f} ms "
        f"(sent after p99 {result.send_delay_p99:.1f} ms)"
    )


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

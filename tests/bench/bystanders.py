"""The effect of an overloading caller on another device: its latencies over REST and MQTT, and the memory of the processes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.bench.bystander import KINDS, Bystander, Waits
from tests.bench.processor import forget_peak, peak_bytes
from tests.bench.table import Figure, Line
from tests.support.processes import children, free_port, running
from tests.support.service import Service, iotflow_up

SECONDS, TARGET_MS = 10.0, 250
START_SECONDS = 120.0
PARTS = {
    "server": "-m iotflow_server",
    "envoy": "--config-path",
    "adapter": "-m iotflow_gateway",
    "broker": "mosquitto",
}
# The attacks, and the broker of each.
ATTACKS = {
    "embedded": ("nested", "sparse", "aggregation", "names", "stalled", "large_publish", "connections"),
    "mosquitto": ("retained", "bad_names"),
}


def measure(folder: Path) -> Iterator[Line]:
    """A line for each attack, each on a new service, so that attacks do not affect later ones."""
    for broker, attacks in ATTACKS.items():
        for attack in attacks:
            yield _attacked(folder / attack, attack, broker)


def _attacked(folder: Path, attack: str, broker: str) -> Line:
    mqtt = free_port()
    with iotflow_up(folder, None, "--broker", broker, "--mqtt-port", str(mqtt), within=START_SECONDS) as service:
        bystander = _registered(service, mqtt)
        bystander.waits(1.0)
        quiet = bystander.waits(SECONDS / 2)
        before = _peaks(service)
        command = [sys.executable, "-m", "tests.bench.attackers", attack]
        ports = [str(service.rest_port), str(service.grpc_port), str(mqtt)]
        with running([*command, *ports]) as attacker:
            attacker.wait_for_line("attacking", within=120)
            waits = bystander.waits(SECONDS)
        after = _peaks(service)
    memory = ", ".join(f"{name} {before[name]} → {after.get(name, 0)} MB" for name in before)
    failed = f"; {waits.failed} calls failed" if waits.failed else ""
    what = f"Another device while attacked: {attack.replace('_', ' ')} ({broker})"
    figure = Figure(waits.worst, "ms", "worst p99", f"{_factors(waits, quiet)}{failed}; {memory}")
    against = Figure(quiet.worst, "ms", "without the attack")
    return Line(what, figure, against, waits.worst, TARGET_MS, " ms", at_most=True)


def _factors(waits: Waits, quiet: Waits) -> str:
    """The 99th percentile of each kind, and its ratio to the one without an attack."""
    parts = (f"{kind} {waits.p99(kind):.0f} ms (× {waits.p99(kind) / quiet.p99(kind):.1f})" for kind in KINDS)
    return ", ".join(parts)


def _registered(service: Service, mqtt: int) -> Bystander:
    made = httpx.post(f"{service.rest}/api/v1/devices/register", json={"name": "bystander"}, trust_env=False)
    device = made.json()["device"]
    return Bystander(device["id"], device["api_key"], service.rest_port, service.grpc_port, mqtt)


def _peaks(service: Service) -> dict[str, int]:
    """The peak memory of each process since the last call, in megabytes."""
    found = {}
    for line, pid in children(service.process.pid).items():
        for name in (name for name, part in PARTS.items() if part in line):
            found[name] = peak_bytes(pid) // 2**20
            forget_peak(pid)
    return found

"""A fleet through all doors, with faults, while server, adapter and broker are killed: nothing is lost, wrong or invented."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.scenario.loader import loads
from tests.integration.simulators.world import World
from tests.support.processes import children, free_port
from tests.support.service import iotflow_up

SCENARIO = loads("""
name: soak
seed: 11
duration: 1m
fleets:
  - {name: basic, model: basic, devices: 60, interval: 1s, door: {mqtt: 0.5, mqtt5: 0.5}}
  - {name: temperature, model: temperature, devices: 40, interval: 1s, door: rest}
  - {name: air_quality, model: air_quality, devices: 40, interval: 1s, door: grpc}
  - {name: energy, model: energy, devices: 40, interval: 1s, door: gateway}
  - {name: thermostat, model: thermostat, devices: 20, interval: 1s, door: {mqtt: 0.25, rest: 0.25, grpc: 0.25, gateway: 0.25}}
stages:
  - {from: 0.5, to: 1, over: 10s}
faults:
  - {kind: stuck, fleet: temperature, share: 0.1, at: 10s, for: 20s}
  - {kind: spikes, fleet: air_quality, share: 0.2, rate: 120, for: 5s}
  - {kind: drop_outs, fleet: energy, share: 0.2}
  - {kind: clock_jump, fleet: basic, share: 0.1, at: 20s, for: 20s, parameters: {seconds: -3600}}
  - {kind: duplicates, fleet: energy, share: 0.3}
  - {kind: reordering, fleet: energy, share: 0.3, parameters: {delay: 3s}}
  - {kind: malformed, share: 0.1}
  - {kind: reboot_loop, fleet: basic, share: 0.1, at: 10s, parameters: {every: 15s, down: 3s}}
  - {kind: offline, share: 0.1, at: 15s, for: 20s, parameters: {batch: 10}}
  - {kind: flapping, fleet: basic, share: 0.1, parameters: {every: 10s, down: 2s}}
  - {kind: reconnect_storm, at: 45s, for: 2s}
  - {kind: flood, fleet: temperature, share: 0.05, at: 20s, for: 10s, parameters: {factor: 10}}
  - {kind: wrong_key, share: 0.1, at: 2s, for: 10s}
  - {kind: network_failure, share: 0.3}
""")
SPEED = 2.0
# The part to kill, and when the readings due so far have this share of all.
KILLED = ((0.25, "iotflow_server"), (0.5, "iotflow_gateway"), (0.7, "iotflow_server"), (0.8, "mosquitto -c"))


class Killer:
    """Kills parts of the service while a simulation runs. up: the process id of `iotflow up`, which starts them again."""

    def __init__(self, up: int) -> None:
        self.killed: list[str] = []
        self._up = up
        self._task: asyncio.Task[None] | None = None

    def start(self, engine: Engine, ledger: LedgerWriter) -> None:
        """See Reports.started."""
        self._task = asyncio.create_task(self._run(engine, ledger))

    async def _run(self, engine: Engine, ledger: LedgerWriter) -> None:
        for share, part in KILLED:
            while engine.measures.seconds < SCENARIO.duration / 1_000 / SPEED * share:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            for command, pid in children(self._up).items():
                if part in command:
                    os.kill(pid, signal.SIGKILL)
                    self.killed.append(part)
                    ledger.event(
                        "mosquitto_killed" if "mosquitto" in part else "killed", part=part, autosave_seconds=1800
                    )


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
async def test_killed_parts_lose_no_reading(tmp_path: Path, broker: str) -> None:
    port = free_port()
    with iotflow_up(tmp_path / "data", None, "--broker", broker, "--mqtt-port", str(port)) as service:
        world, killer = World(service, port, tmp_path), Killer(service.process.pid)
        ledger, measures = await world.simulated(SCENARIO, speed=SPEED, started=killer.start)
        assert len(killer.killed) == (3 if broker == "embedded" else 4)
        result = await world.verified(ledger)
    assert result.is_proved, (result.examples, result.rows())
    total = result.rows()[-1]
    assert total["sent"] > 8_000
    assert total["refused"] > 50
    assert total["malformed"] > 20
    assert total["unknown"] < total["sent"] * 0.05
    assert all(door.acknowledged > 500 for door in measures.doors.values())

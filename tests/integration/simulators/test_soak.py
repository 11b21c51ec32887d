"""A fleet through all doors, with faults and new keys, while server, adapter and broker are killed: nothing is lost, wrong or
invented."""

import asyncio
from pathlib import Path

import pytest

from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.scenario.loader import loads
from tests.integration.simulators.world import World
from tests.support.fleet_soak import KILLED, kill, scenario
from tests.support.processes import free_port
from tests.support.service import iotflow_up

SCENARIO = loads(scenario(devices=200, seconds=60, interval="1s"))
SPEED = 2.0


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
            if kill(self._up, part):
                self.killed.append(part)
                ledger.event("mosquitto_killed" if "mosquitto" in part else "killed", part=part, autosave_seconds=1800)


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
    assert measures.total("rotated_keys") > 140

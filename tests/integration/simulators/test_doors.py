"""Each door: its readings are stored, malformed payloads and wrong keys are refused, and broken connections lose nothing."""

from typing import Any

import pytest

from iotflow_simulators.ledger.hashing import readings_hash
from iotflow_simulators.scenario.loader import loads
from iotflow_simulators.scenario.scenario import Door, Scenario
from iotflow_simulators.verify.findings import Verification
from tests.integration.simulators.world import World, with_brokers

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

DOORS = ["mqtt", "mqtt5", "rest", "grpc", "gateway"]
WRONG_KEY = {"WRONG_KEY", "NOT_AUTHORIZED", "BAD_CREDENTIALS"}
SCENARIO = """
name: doors
seed: 5
duration: 40s
fleets:
  - {{name: basic, model: basic, devices: 6, interval: 1s, names: "{prefix}-{{n}}", door: {door}}}
  - {{name: lock, model: door_lock, devices: 2, interval: 1s, names: "{prefix}-lock-{{n}}", door: {door}}}
faults:
  - {{kind: malformed, devices: ["{prefix}-1"], parameters: {{probability: 0.5}}}}
  - {{kind: wrong_key, devices: ["{prefix}-2"], at: 10s, for: 10s}}
  - {{kind: network_failure, devices: ["{prefix}-3"], parameters: {{probability: 0.3}}}}
  - {{kind: offline, devices: ["{prefix}-4"], at: 5s, for: 20s, parameters: {{batch: 5}}}}
  - {{kind: reboot_loop, devices: ["{prefix}-5"], at: 5s, parameters: {{every: 10s, down: 3s}}}}
"""


def scenario(door: str, world: World) -> Scenario:
    """Names are of a door and a world: devices keep what earlier runs stored."""
    return loads(SCENARIO.format(door=door, prefix=f"{door}-{world.folder.name}"))


def totals(result: Verification) -> dict[str, Any]:
    """The last row of the table."""
    return result.rows()[-1]


@pytest.mark.parametrize(("door", "world"), with_brokers(*DOORS), indirect=["world"])
async def test_every_reading_has_its_fate_and_the_store_agrees(world: World, door: str) -> None:
    chosen = scenario(door, world)
    ledger, measures = await world.simulated(chosen, speed=8)
    result = await world.verified(ledger)
    assert result.is_proved, result.examples
    total = totals(result)
    assert total["unknown"] <= 8
    assert total["acknowledged"] >= 200
    assert 5 <= total["refused"] <= 12
    assert total["malformed"] >= 10
    assert sum(count for (_, reason), count in result.reasons.items() if reason in WRONG_KEY) >= 5
    assert measures.doors[door].latency.count == measures.doors[door].acknowledged


async def test_the_same_seed_gives_the_same_hash_through_every_door(world: World) -> None:
    hashes = set()
    text = "{name: same, duration: 10s, fleets: [{name: same, model: air_quality, devices: 5, interval: 500ms}]}"
    for door in (*Door, Door.REST):
        ledger, _ = await world.simulated(loads(text).with_door(door), speed=20)
        assert (await world.verified(ledger)).is_proved
        hashes.add(readings_hash(ledger))
    assert len(hashes) == 1

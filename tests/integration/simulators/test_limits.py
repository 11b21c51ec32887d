"""The search for the limit, at a real service."""

import asyncio

import pytest

from iotflow_simulators.limits.finder import LimitFinder, highest_rate, steady
from iotflow_simulators.limits.step import Bounds, Step, Verdict
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.scenario.loader import loads
from tests.integration.simulators.world import BROKERS, World, with_brokers

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

TEXT = (
    "{{name: limit, duration: 1m, fleets: [{{name: {name}, model: basic, devices: 2, interval: 100ms, door: {door}}}]}}"
)
# Bounds that any service keeps, and bounds that none keeps.
WIDE, IMPOSSIBLE = Bounds(p99=60.0, loss=1.0), Bounds(p99=1e-6, loss=0.0)


@pytest.mark.parametrize(("door", "world"), with_brokers("mqtt5", "grpc"), indirect=["world"])
async def test_the_rate_rises_up_to_the_highest_of_the_scenario(world: World, door: str) -> None:
    scenario = steady(loads(TEXT.format(name=f"limit-{door}", door=door)))
    finder = LimitFinder(3.0, WIDE, 1, lambda _: None)
    ledger, _ = await world.simulated(scenario, conduct=finder.conduct)
    assert [step.rate for step in finder.steps] == [1.0, 2.0, 3.0]
    assert [step.due for step in finder.steps] == pytest.approx([20, 40, 60], abs=2)
    assert finder.limit is finder.steps[-1]
    # All readings of all steps are in one ledger.
    assert ledger.is_ended
    assert ledger.readings > 120
    assert (await world.verified(ledger)).is_proved


@pytest.mark.parametrize("world", BROKERS[:1], indirect=True)
async def test_a_broken_bound_lowers_the_rate(world: World) -> None:
    scenario = steady(loads(TEXT.format(name="broken", door="grpc")))
    engines: list[Engine] = []

    def stop(_: Step) -> None:
        if len(finder.steps) == 2:
            engines[0].stop.set()

    finder = LimitFinder(highest_rate(scenario), IMPOSSIBLE, 1, stop)
    await world.simulated(scenario, conduct=finder.conduct, started=lambda engine, _: engines.append(engine))
    assert [step.rate for step in finder.steps] == [1.0, 0.5]
    assert {step.verdict for step in finder.steps} <= {Verdict.P99, Verdict.SIMULATOR}
    assert finder.limit is None


@pytest.mark.parametrize("world", BROKERS[:1], indirect=True)
async def test_an_error_of_the_conductor_ends_the_run(world: World) -> None:
    async def fail(_: Engine) -> None:
        await asyncio.sleep(0)
        raise RuntimeError("no conductor")

    scenario = loads(TEXT.format(name="failed", door="rest"))
    with pytest.raises(RuntimeError, match="no conductor"):
        await world.simulated(scenario, conduct=fail)

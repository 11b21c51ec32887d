"""`iotflow simulate --find-limit`: the steps and the limit are shown, and the cause of the limit where it is the simulator."""

import json
from dataclasses import replace

import pytest

from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.renderer import Output
from iotflow_cli.simulators.limit import show_limit
from iotflow_simulators.limits.finder import LimitFinder
from iotflow_simulators.limits.step import Bounds, Step, Verdict

BOUNDS = Bounds(p99=0.2, loss=0.01)
HELD = Step(1.0, 1_000.0, 999.96, 0.05, 0.1, 0.0, 0.001, 0.5, Verdict.HELD)
LIMIT = "limit: 1,000 readings/s with p99 ≤ 200 ms and loss ≤ 1.00%"
NO_HIGHER = f"{LIMIT}, and no bound broke: the scenario has no higher rate"
SIMULATOR = "warning: the simulator itself was the limit, and not the service. Run it on more than one machine."


def broken(rate: float, verdict: Verdict) -> Step:
    """A step that broke a bound."""
    return replace(HELD, rate=rate, p99=0.9, verdict=verdict)


@pytest.mark.parametrize(
    ("steps", "exit_code", "notes"),
    [
        ([HELD], ExitCode.DONE, [NO_HIGHER]),
        ([HELD, broken(2.0, Verdict.P99)], ExitCode.DONE, [LIMIT]),
        ([HELD, broken(2.0, Verdict.SIMULATOR)], ExitCode.DONE, [LIMIT, SIMULATOR]),
        # The step next to the limit tells its cause.
        ([HELD, broken(4.0, Verdict.SIMULATOR), broken(2.0, Verdict.LOSS)], ExitCode.DONE, [LIMIT]),
        ([HELD, broken(4.0, Verdict.LOSS), broken(2.0, Verdict.SIMULATOR)], ExitCode.DONE, [LIMIT, SIMULATOR]),
        ([broken(0.5, Verdict.SIMULATOR), HELD], ExitCode.DONE, [NO_HIGHER]),
        ([broken(1.0, Verdict.P99), broken(0.5, Verdict.LOSS)], ExitCode.FAILED, ["No rate kept the bounds."]),
    ],
)
def test_the_steps_are_shown_in_the_order_of_their_rates_and_the_limit_below_them(
    steps: list[Step], exit_code: ExitCode, notes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = LimitFinder(8.0, BOUNDS, 15, lambda _: None)
    found.steps += steps
    assert show_limit(Output(as_json=True), found, BOUNDS) == exit_code
    shown = capsys.readouterr()
    rows = [json.loads(line) for line in shown.out.splitlines()]
    assert [(row["rate"], row["result"]) for row in rows] == sorted((one.rate, str(one.verdict)) for one in steps)
    noted = [json.loads(line) for line in shown.err.splitlines()]
    assert [line["note"] for line in noted] == notes
    assert noted[0]["limit_per_second"] == (None if exit_code else 1_000.0)

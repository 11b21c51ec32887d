"""`iotflow simulate --find-limit`."""

from typing import Any

import click

from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Table
from iotflow_cli.simulators.results import milliseconds
from iotflow_simulators.limits.finder import LONGEST, SHORTEST, USUAL, LimitFinder
from iotflow_simulators.limits.step import Bounds, Step, Verdict

_BROKEN = {
    Verdict.HELD: "held",
    Verdict.P99: "p99 is above its bound",
    Verdict.LOSS: "too many readings were lost",
    Verdict.SIMULATOR: "a bound is broken, and the simulator itself is late",
}


def finder(output: Output, highest: float, seconds: int | None, bounds: Bounds) -> LimitFinder:
    """Notes each step. seconds: length of a step. Raises UsageError."""
    length = USUAL if seconds is None else seconds
    if not SHORTEST <= length <= LONGEST:
        raise click.UsageError(
            f"With --find-limit, --duration is the length of a step: {SHORTEST} to {LONGEST} seconds."
        )
    return LimitFinder(highest, bounds, length, lambda step: output.note(_sentence(step), **row(step)))


def show_limit(output: Output, found: LimitFinder, bounds: Bounds) -> int:
    """Show the table of steps and the limit; the exit code."""
    output.show(Table([row(step) for step in sorted(found.steps, key=lambda step: step.rate)]))
    limit = found.limit
    if limit is None:
        output.note("No rate kept the bounds.", limit_per_second=None)
        return ExitCode.FAILED
    broken = [step for step in found.steps if not step.held and step.rate > limit.rate]
    text = f"limit: {limit.stored:,.0f} readings/s with p99 ≤ {bounds.p99 * 1_000:.0f} ms and loss ≤ {bounds.loss:.2%}"
    if not broken:
        text = f"{text}, and no bound broke: the scenario has no higher rate"
    output.note(text, limit_per_second=round(limit.stored, 1))
    if broken and min(broken, key=lambda step: step.rate).verdict is Verdict.SIMULATOR:
        output.note(
            "warning: the simulator itself was the limit, and not the service. Run it on more than one machine."
        )
    return ExitCode.DONE


def row(step: Step) -> dict[str, Any]:
    """The row of a step."""
    return {
        "rate": round(step.rate, 3),
        "due_per_second": round(step.due, 1),
        "per_second": round(step.stored, 1),
        "p50_ms": milliseconds(step.p50),
        "p99_ms": milliseconds(step.p99),
        "loss_percent": round(step.loss * 100, 3),
        "lag_p99_ms": milliseconds(step.lag),
        "processor_percent": round(step.processor * 100, 1),
        "result": str(step.verdict),
    }


def _sentence(step: Step) -> str:
    return (
        f"rate {step.rate:.3g}: {step.due:,.0f} readings/s due, p99 {step.p99 * 1_000:.0f} ms, loss {step.loss:.2%}, "
        f"lag {step.lag * 1_000:.0f} ms, own processor {step.processor:.0%}: {_BROKEN[step.verdict]}"
    )

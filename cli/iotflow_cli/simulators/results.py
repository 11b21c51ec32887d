"""What `iotflow simulate` shows while a scenario runs, and at its end."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

from iotflow_cli.output.renderer import Output
from iotflow_cli.simulators.live import REFRESH_SECONDS, LiveView
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.running.measures import LATE, Measures
from iotflow_simulators.running.simulation import Reports


def reports_to(output: Output, watch: Callable[[Engine], None], live: LiveView | None) -> Reports:
    """A live view or, without it, notes while a scenario runs; Ctrl-C ends it. watch: called when the devices are registered."""

    def registered(done: int, of: int) -> None:
        if done == of or done % 1_000 == 0:
            output.note(f"{done:,} of {of:,} devices are registered", registered=done, devices=of)

    def started(engine: Engine, _: LedgerWriter) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, engine.stop.set)
        watch(engine)
        if live:
            live.watch(engine)

    def running(measures: Measures) -> None:
        data = progress(measures)
        text = (
            f"{data['seconds']:.0f} s: {data['due']:,} readings due, {data['acknowledged']:,} acknowledged, "
            f"{data['refused']:,} refused, {data['lost_connections']:,} connections lost; p99 {data['p99_ms']:.0f} ms; {_own(data)}"
        )
        output.note(text, **data)

    if live:
        return Reports(registered, started, live.refresh, REFRESH_SECONDS)
    return Reports(registered, started, running)


def progress(measures: Measures) -> dict[str, Any]:
    """The state of a run."""
    names = ("due", "acknowledged", "refused", "lost_connections")
    return {
        "seconds": round(measures.seconds, 1),
        **{name: measures.total(name) for name in names},
        "p99_ms": milliseconds(measures.latency().quantile(0.99)),
        "lag_p99_ms": milliseconds(measures.lag.quantile(0.99)),
        "processor_percent": round(measures.processor_share * 100, 1),
    }


def rows(measures: Measures) -> list[dict[str, Any]]:
    """A row for each door. per_second: acknowledged while the schedule ran."""
    return [
        {
            "door": name,
            "due": door.due,
            "acknowledged": door.acknowledged,
            "refused": door.refused,
            "unknown": door.unknown,
            "per_second": round(door.in_time / max(measures.seconds, 1e-3), 1),
            "p50_ms": milliseconds(door.latency.quantile(0.5)),
            "p99_ms": milliseconds(door.latency.quantile(0.99)),
        }
        for name, door in measures.doors.items()
    ]


def note_own_share(output: Output, measures: Measures) -> None:
    """State what the simulator itself used, and warn where it was the limit."""
    data = progress(measures)
    output.note(f"the simulator: {_own(data)}", **{name: data[name] for name in ("lag_p99_ms", "processor_percent")})
    if measures.is_own_limit:
        output.note(
            f"warning: the simulator itself is the limit: 1 % of the readings left it at least {data['lag_p99_ms']:.0f} ms "
            f"late (bound: {LATE * 1_000:.0f} ms). The rates and latencies are not those of the service.",
            lag_p99_ms=data["lag_p99_ms"],
        )


def milliseconds(seconds: float) -> float:
    """For tables."""
    return round(seconds * 1_000, 1)


def _own(data: dict[str, Any]) -> str:
    return f"lag p99 {data['lag_p99_ms']:.0f} ms, own processor {data['processor_percent']:.0f} %"

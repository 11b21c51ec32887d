"""What the commands of the hub answer."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from rich.console import Console

from iotflow_cli.output.results import Row
from iotflow_cli.output.terminal import console_on, write_record, write_table
from iotflow_cli.output.values import shown_value
from iotflow_cli.simulators.results import progress, rows
from iotflow_simulators import presets
from iotflow_simulators.doors.link import Outgoing
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.scenario.scenario import Scenario

# Devices of one answer.
MOST_LISTED = 20
_NO_FATE = "no answer yet"


def preset_list(chosen: Scenario | None) -> str:
    """All presets."""
    found = [presets.preset(name) for name in presets.names()]
    text = table([{"preset": each.name, "devices": each.devices, "seconds": each.duration // 1_000} for each in found])
    return f"{text}\n{chosen.name} is chosen." if chosen else f"{text}\nChoose one of these, or a file: choose NAME"


def device_list(engine: Engine, scenario: Scenario, part: str) -> str:
    """The devices of a run whose names have a part."""
    found = [(index, name) for index, name in enumerate(engine.names) if part in name]
    models = _models(scenario)
    shown = [
        {"device": name, "model": models[index], "door": engine.door(index), "state": _state(engine, index)}
        for index, name in found[:MOST_LISTED]
    ]
    text = table(shown, "No device has this in its name.")
    if len(found) > len(shown):
        return f"{text}\n{len(shown)} of {len(found):,} devices; list PART shows those with PART in their names."
    return text


def run_state(engine: Engine, scenario: Scenario, *, is_over: bool) -> str:
    """The whole run."""
    measures = engine.measures
    states = ", ".join(f"{count:,} {state.name.lower()}" for state, count in measures.states.counts().items() if count)
    faults = ", ".join(f"{kind} {count:,}" for kind, count in measures.active_faults().items() if count)
    head = {"scenario": scenario.name, "run": "has ended" if is_over else "goes on", "devices": states}
    return record({**head, "active_faults": faults or "none", **progress(measures)})


def device_state(engine: Engine, scenario: Scenario, index: int) -> str:
    """One device."""
    session, measures = engine.session(index), engine.measures
    name = session.login.name
    faults = measures.faults.of_device(name, measures.scenario_time)
    errors = [error for error in measures.errors.recent if error.device == index]
    data = {
        "device": name,
        "id": session.login.id,
        "model": _models(scenario)[index],
        "door": engine.door(index),
        "state": _state(engine, index),
        "unreported_readings": session.unreported,
        "active_faults": ", ".join(faults) or "none",
        "last_error": f"{errors[-1].reason} {errors[-1].message}".strip() if errors else "none",
    }
    return record(data)


def last_readings(readings: Sequence[Outgoing]) -> str:
    """Readings with their fates, the newest last."""
    return "\n".join(map(_reading, readings)) or "The device has sent no reading yet."


def summary(engine: Engine, ledger: str) -> str:
    """The end of a run."""
    return f"{table(rows(engine.measures))}\n{ledger} has every reading. Next: iotflow verify {ledger}"


def table(found: Sequence[Row], nothing: str = "") -> str:
    """Rows below their headings."""
    return _text(lambda console: write_table(console, found, list(found[0]) if found else (), nothing))


def record(data: Row) -> str:
    """Fields below each other."""
    return _text(lambda console: write_record(console, data))


def _text(write: Callable[[Console], None]) -> str:
    stream = io.StringIO()
    write(console_on(stream))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _reading(outgoing: Outgoing) -> str:
    time = datetime.fromtimestamp(outgoing.time / 1_000, UTC).isoformat(timespec="milliseconds")
    if outgoing.payload is not None:
        values = f"malformed payload of {len(outgoing.payload)} bytes"
    else:
        values = " ".join(f"{name}={shown_value(value)}" for name, value in outgoing.values.items())
    return f"{time}  {values}  {shown_value(outgoing.fate or _NO_FATE)}"


def _models(scenario: Scenario) -> list[str]:
    return [fleet.model for fleet in scenario.fleets for _ in range(fleet.devices)]


def _state(engine: Engine, index: int) -> str:
    return engine.measures.states[index].name.lower()

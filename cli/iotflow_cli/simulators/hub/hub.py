"""The commands of the hub."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from iotflow_cli.output.failures import CommandError
from iotflow_cli.shells.prompt import StatementError
from iotflow_cli.simulators.hub import texts
from iotflow_cli.simulators.hub.background_run import BackgroundRun
from iotflow_cli.simulators.hub.injection import injected
from iotflow_simulators import SimulationError
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.scenario.scenario import Scenario

LONGEST_LINE = 1_000
# The last readings of each device are held in memory.
MOST_DEVICES, MOST_READINGS = 10_000, 10
_SHOWN_READINGS = 5


@dataclass(frozen=True, slots=True)
class _Command:
    """least, most: numbers of words after the name."""

    usage: str
    help: str
    least: int
    most: int
    execute: Callable[[Sequence[str]], str]


class Hub:
    """One run at a time. choose: the scenario of a preset or a file. begin: starts a run of it. Both raise SimulationError."""

    def __init__(
        self, choose: Callable[[str], Scenario], begin: Callable[[Scenario], BackgroundRun], scenario: str | None
    ) -> None:
        self._choose_scenario = choose
        self._begin = begin
        self._scenario: Scenario | None = None
        self._run: BackgroundRun | None = None
        self._faults = 0
        self._commands = {
            "help": _Command("help", "these commands", 0, 0, self._help),
            "list": _Command("list [PART]", "presets; of a run: devices with PART in their names", 0, 1, self._list),
            "choose": _Command("choose SCENARIO", "a preset, or a file (.yaml)", 1, 1, self._choose),
            "start": _Command("start", "run the chosen scenario", 0, 0, self._start),
            "show": _Command("show [DEVICE]", "the state of the run, or of a device", 0, 1, self._show),
            "last": _Command("last DEVICE [NUMBER]", "its last 5 readings, or NUMBER, at most 10", 1, 2, self._last),
            "fault": _Command(
                "fault [KIND DEVICE [for=TIME] [PARAMETER=VALUE …]]",
                "begin a fault; or list the kinds",
                0,
                18,
                self._fault,
            ),
            "stop": _Command("stop", "end the run", 0, 0, self._stop),
            "quit": _Command("quit", "end the run and the program", 0, 0, self._help),
        }
        if scenario:
            self._choose([scenario])

    def execute(self, line: str) -> str:
        """The answer to a line. Raises StatementError."""
        if len(line) > LONGEST_LINE:
            raise StatementError(f"The line has {len(line)} characters; at most {LONGEST_LINE} are accepted.")
        try:
            name, *words = shlex.split(line)
        except ValueError as error:
            raise StatementError(f"The line cannot be read: {error}.") from None
        command = self._commands.get(name)
        if command is None:
            raise StatementError(f"The command {name[:60]!r} is unknown; `help` lists the commands.")
        if not command.least <= len(words) <= command.most:
            raise StatementError(f"usage: {command.usage}")
        try:
            return command.execute(words)
        except (SimulationError, CommandError) as error:
            raise StatementError(str(error)) from None

    def close(self) -> str:
        """End the run, if there is one; its summary. Raises SimulationError."""
        return self._stop(()) if self._run and not self._run.is_over else ""

    def _help(self, _: Sequence[str]) -> str:
        return texts.table([{"command": each.usage, "meaning": each.help} for each in self._commands.values()])

    def _list(self, words: Sequence[str]) -> str:
        run = self._run
        if run is None:
            return texts.preset_list(self._scenario)
        return run.ask(lambda engine: texts.device_list(engine, run.scenario, words[0] if words else ""))

    def _choose(self, words: Sequence[str]) -> str:
        if self._run and not self._run.is_over:
            raise SimulationError(f"{self._run.scenario.name} runs; stop it first.")
        scenario = self._choose_scenario(words[0])
        if scenario.devices > MOST_DEVICES:
            raise SimulationError(
                f"{scenario.name} has {scenario.devices} devices; at most {MOST_DEVICES} are accepted here."
            )
        self._scenario, self._run = scenario, None
        return f"{scenario.name}: {scenario.devices:,} devices, {scenario.duration / 1_000:,.0f} s. Next: start"

    def _start(self, _: Sequence[str]) -> str:
        if self._scenario is None:
            raise SimulationError("No scenario is chosen; `list` shows the presets.")
        if self._run and not self._run.is_over:
            raise SimulationError(f"{self._run.scenario.name} runs already.")
        run = self._begin(self._scenario)
        count = run.ask(lambda engine: len(engine.names))
        self._run = run
        return (
            f"{run.scenario.name} runs with {count:,} devices. Next: list, show, last DEVICE, fault KIND DEVICE, stop"
        )

    def _stop(self, _: Sequence[str]) -> str:
        run = self._present()
        if run.is_over:
            raise SimulationError("The run has ended.")
        run.stop()
        return run.ask(lambda engine: texts.summary(engine, str(run.files.ledger)))

    def _show(self, words: Sequence[str]) -> str:
        run = self._present()
        if not words:
            return run.ask(lambda engine: texts.run_state(engine, run.scenario, is_over=run.is_over))
        index = self._device(run, words[0])
        return run.ask(lambda engine: texts.device_state(engine, run.scenario, index))

    def _last(self, words: Sequence[str]) -> str:
        run, text = self._present(), words[1] if len(words) > 1 else str(_SHOWN_READINGS)
        if not text.isascii() or not text.isdigit() or len(text) > 2 or not 1 <= int(text) <= MOST_READINGS:
            raise SimulationError(f"The number must be from 1 to {MOST_READINGS}.")
        index = self._device(run, words[0])
        return run.ask(lambda engine: texts.last_readings(list(engine.session(index).last)[-int(text) :]))

    def _fault(self, words: Sequence[str]) -> str:
        if len(words) < 2:
            return texts.table([{"kind": name, "meaning": kind.SUMMARY} for name, kind in FAULTS.items()])
        run, (kind, name, *settings) = self._present(), words
        self._device(run, name)
        fault = injected(kind, name, settings, self._faults + 1, run.scenario)
        seconds = run.order(run.engine.inject(fault))
        self._faults += 1
        return f"{kind} begins at {name} in {seconds:.1f} s."

    def _present(self) -> BackgroundRun:
        if self._run is None:
            raise SimulationError("Nothing runs; `start` runs the chosen scenario.")
        return self._run

    def _device(self, run: BackgroundRun, name: str) -> int:
        names = run.engine.names
        if name in names:
            return names.index(name)
        alike = get_close_matches(name[:100], names, 1)
        hint = f"did you mean {alike[0]!r}?" if alike else "`list` shows the devices."
        raise SimulationError(f"There is no device {name[:100]!r}; {hint}")

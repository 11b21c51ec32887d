"""Output of the command on the terminal."""

import dataclasses
import os
import sys
from collections.abc import Callable, Sequence

from iotflow_cli.output.failures import CommandError
from iotflow_cli.running.run_record import RunRecord
from iotflow_server.supervision.child_process import Program, TakeLine
from iotflow_server.supervision.supervised_process import Failure, RestartPolicy
from iotflow_server.supervision.supervisor import Supervisor

DEFAULT_RESTARTS = RestartPolicy()
TakeProblems = Callable[[Sequence[str]], None]


class UsageError(CommandError):
    """The options or settings of a command do not allow it."""


def write_line(line: str) -> None:
    """Write a line at once. A closed pipe (`iotflow up | head`) does not stop the service."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def supervisor_on(
    write: TakeLine,
    programs: Sequence[Program],
    problems_changed: TakeProblems = lambda _: None,
    restarts: RestartPolicy = DEFAULT_RESTARTS,
    *,
    record: RunRecord | None = None,
) -> Supervisor:
    """A supervisor that writes each program's lines after its name. problems_changed: takes a sentence for each program that does
    not run, whenever these sentences change. record: takes the process ids and the lines, too."""
    width = max(len(program.name) for program in programs)
    prefixed = [
        dataclasses.replace(
            each, output=_prefixed(write, f"{each.name:<{width}} | ", record.log(each.name) if record else None)
        )
        for each in programs
    ]
    reporter = ConsoleReporter(_both(write, record.own_log if record else None), problems_changed, restarts)
    if record:
        reporter.on_ready = record.part_is_ready
    return Supervisor(prefixed, reporter, restarts)


class ConsoleReporter:
    """Writes the events of a run as sentences."""

    def __init__(self, write: TakeLine, problems_changed: TakeProblems, restarts: RestartPolicy) -> None:
        self._write = write
        self._problems_changed = problems_changed
        self._restarts = restarts
        self.on_ready: Callable[[str, int], None] = lambda _name, _pid: None
        # By name, for each program that does not run.
        self._problems: dict[str, str] = {}

    def ready(self, name: str, pid: int) -> None:
        self.on_ready(name, pid)
        if self._problems.pop(name, None):
            self._problems_changed(list(self._problems.values()))
            self._write(f"{name} runs again")

    def failed(self, name: str, failure: Failure, failures: int, pause: float) -> None:
        problem = f"{name} {failure.reason}"
        self._write(
            f"{problem}; starting it again in {pause:g} s (failure {failures} of {self._restarts.most_restarts} in a row)"
        )
        self._problems[name] = problem
        self._problems_changed(list(self._problems.values()))

    def killed(self, name: str) -> None:
        self._write(f"{name} had to be killed")

    def stopping(self, problem: str) -> None:
        self._write(problem or "stopping")


def _prefixed(write: TakeLine, prefix: str, log: TakeLine | None) -> TakeLine:
    return _both(lambda line: write(prefix + line), log)


def _both(write: TakeLine, log: TakeLine | None) -> TakeLine:
    """Takes a line for the terminal and for the log file, if there is one."""
    if log is None:
        return write

    def take(line: str) -> None:
        write(line)
        log(line)

    return take

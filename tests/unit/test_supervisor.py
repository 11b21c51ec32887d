"""The supervisor of `iotflow up`, with real processes."""

import asyncio
import dataclasses
import functools
import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from iotflow_cli.console import supervisor_on
from iotflow_server.supervision.child_process import Program
from iotflow_server.supervision.supervised_process import GivenUp, RestartPolicy
from tests.support.processes import PATIENCE, running

POLITE = """
import pathlib, signal, sys
def leave(*_):
    print("bye", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
pathlib.Path(sys.argv[1]).touch()
signal.pause()
"""
# The first process becomes ready and ends when its file `dies` exists; later ones never become ready.
ONCE = """
if not pathlib.Path(sys.argv[1] + " dies").exists():
    pathlib.Path(sys.argv[1]).touch()
    while not pathlib.Path(sys.argv[1] + " dies").exists():
        signal.sigtimedwait([], 0.01)
    sys.exit(3)
"""
RESTARTS = RestartPolicy(first_pause=0.01, longest_pause=0.03, most_restarts=3)
STUBBORN = POLITE.replace("leave)", "signal.SIG_IGN)").replace("signal.pause()", "while True: signal.pause()")


def program(
    name: str,
    folder: Path,
    code: str = POLITE,
    *,
    start_within: float = PATIENCE,
    grace: float = PATIENCE,
    drain: Callable[[], Awaitable[None]] | None = None,
) -> Program:
    """A Python program that is ready when its file exists."""
    mark = folder / name

    async def ready() -> bool:
        return mark.exists()

    # Without the packages of the environment, which a program does not need, it starts in half the time.
    command = [sys.executable, "-S", "-c", code, str(mark)]
    forget = functools.partial(mark.unlink, missing_ok=True)
    return Program(name, command, os.environ, ready, start_within, forget, drain, grace)


def mortal(folder: Path, dying: str = "sys.exit(3)", *, start_within: float = PATIENCE) -> Program:
    """A program named envoy that ends after a call of `start_dying`."""
    code = f"while not pathlib.Path(sys.argv[1] + ' dies').exists(): signal.sigtimedwait([], 0.01)\n{dying}"
    return program("envoy", folder, POLITE.replace("signal.pause()", code), start_within=start_within)


def start_dying(folder: Path) -> Callable[[], None]:
    return (folder / "envoy dies").touch


def interrupt() -> None:
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def supervise(
    lines: list[str],
    *programs: Program,
    announce: Callable[[], None] = interrupt,
    down: Callable[[Sequence[str]], None] = lambda _: None,
    restarts: RestartPolicy = RESTARTS,
) -> int:
    """Run until `announce`, or a consequence of it, ends the run; the exit code."""

    async def run() -> int:
        try:
            return 0 if await supervisor_on(lines.append, programs, down, restarts).run(announce) else 1
        except GivenUp:
            return 1

    return asyncio.run(run())


def test_processes_stop_in_reverse_order(tmp_path: Path) -> None:
    lines: list[str] = []
    assert supervise(lines, program("server", tmp_path), program("envoy", tmp_path)) == 0
    assert lines == ["server | up", "envoy  | up", "stopping", "envoy  | bye", "server | bye"]


def test_a_process_drains_before_it_stops(tmp_path: Path) -> None:
    lines: list[str] = []

    async def drain() -> None:
        lines.append("draining")

    assert supervise(lines, program("envoy", tmp_path, drain=drain)) == 0
    assert lines == ["envoy | up", "stopping", "draining", "envoy | bye"]


@pytest.mark.parametrize(
    ("dying", "fate"),
    [
        ("sys.exit(3)", "with exit code 3"),
        ("sys.exit(0)", "with exit code 0"),
        ("import os; os.kill(os.getpid(), signal.SIGKILL)", "by SIGKILL"),
    ],
)
def test_a_dead_process_is_restarted(tmp_path: Path, dying: str, fate: str) -> None:
    lines: list[str] = []
    reported: list[list[str]] = []

    def down(problems: Sequence[str]) -> None:
        reported.append(list(problems))
        if not problems:
            interrupt()

    dies_once = f"pathlib.Path(sys.argv[1] + ' dies').unlink(); {dying}"
    parts = program("server", tmp_path), mortal(tmp_path, dies_once)
    assert supervise(lines, *parts, announce=start_dying(tmp_path), down=down) == 0
    assert lines == [
        "server | up",
        "envoy  | up",
        f"envoy ended {fate}; starting it again in 0.01 s (failure 1 of 3 in a row)",
        "envoy  | up",
        "envoy runs again",
        "stopping",
        "envoy  | bye",
        "server | bye",
    ]
    assert reported == [[f"envoy ended {fate}"], []]


def test_a_process_that_dies_repeatedly_ends_the_run(tmp_path: Path) -> None:
    lines: list[str] = []
    assert supervise(lines, program("server", tmp_path), mortal(tmp_path), announce=start_dying(tmp_path)) == 1
    ended = "envoy ended with exit code 3"
    assert [line for line in lines if line.startswith(ended)] == [
        f"{ended}; starting it again in 0.01 s (failure 1 of 3 in a row)",
        f"{ended}; starting it again in 0.02 s (failure 2 of 3 in a row)",
        f"{ended}; starting it again in 0.03 s (failure 3 of 3 in a row)",
        f"{ended}; given up after 4 failures in a row",
    ]
    assert lines[-1] == "server | bye"


def test_old_failures_do_not_count(tmp_path: Path) -> None:
    lines: list[str] = []

    def down(problems: Sequence[str]) -> None:
        if lines.count("envoy runs again") > 3:
            interrupt()
        elif not problems:
            start_dying(tmp_path)()

    steady = dataclasses.replace(RESTARTS, steady_seconds=0.0)
    dies = mortal(tmp_path, "pathlib.Path(sys.argv[1] + ' dies').unlink(); sys.exit(3)")
    assert supervise(lines, dies, announce=start_dying(tmp_path), down=down, restarts=steady) == 0
    assert not [line for line in lines if "(failure 2" in line]


def test_a_restart_that_is_not_ready_in_time_is_a_failure(tmp_path: Path) -> None:
    lines: list[str] = []

    silent_later = POLITE.replace("pathlib.Path(sys.argv[1]).touch()", ONCE)
    once = program("envoy", tmp_path, silent_later, start_within=2.0)
    restarts = dataclasses.replace(RESTARTS, most_restarts=1)
    assert supervise(lines, once, announce=start_dying(tmp_path), restarts=restarts) == 1
    assert lines[-1] == "envoy was not ready within 2 seconds; given up after 2 failures in a row"


def test_no_process_is_restarted_during_the_stop(tmp_path: Path) -> None:
    lines: list[str] = []
    slow = dataclasses.replace(RESTARTS, first_pause=PATIENCE, longest_pause=PATIENCE)
    assert (
        supervise(lines, mortal(tmp_path), announce=start_dying(tmp_path), down=lambda _: interrupt(), restarts=slow)
        == 0
    )
    assert lines[-1] == "stopping"


def test_a_process_that_dies_at_the_start_prevents_later_starts(tmp_path: Path) -> None:
    lines: list[str] = []
    assert supervise(lines, program("server", tmp_path, "raise SystemExit('broken')"), program("envoy", tmp_path)) == 1
    assert lines == ["server | broken", "server ended with exit code 1"]


def test_a_process_killed_by_a_signal_at_the_start_is_restarted(tmp_path: Path) -> None:
    lines: list[str] = []
    died = tmp_path / "died"
    dies_once = f"""
import os, pathlib, signal
died = pathlib.Path({str(died)!r})
if not died.exists():
    died.touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert supervise(lines, program("server", tmp_path, dies_once + POLITE)) == 0
    assert lines == [
        "server ended by SIGKILL; starting it again in 0.01 s (failure 1 of 3 in a row)",
        "server | up",
        "server runs again",
        "stopping",
        "server | bye",
    ]


def test_a_second_sigterm_does_not_shorten_the_grace_period(tmp_path: Path) -> None:
    lines: list[str] = []

    async def terminate_again() -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    assert supervise(lines, program("server", tmp_path, drain=terminate_again)) == 0
    assert lines[-1] == "server | bye"


def test_an_ignored_sighup_stays_ignored(tmp_path: Path) -> None:
    # As nohup does.
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    handlers: list[object] = []

    def look_and_interrupt() -> None:
        handlers.append(signal.getsignal(signal.SIGHUP))
        interrupt()

    try:
        assert supervise([], program("server", tmp_path), announce=look_and_interrupt) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert handlers == [signal.SIG_IGN]


def test_a_second_interrupt_restarts_no_process(tmp_path: Path) -> None:
    lines: list[str] = []

    async def interrupt_again() -> None:
        interrupt()

    parts = program("server", tmp_path), program("envoy", tmp_path, STUBBORN, drain=interrupt_again)
    assert supervise(lines, *parts) == 1
    assert lines[-3] == "stopping"
    # Both are killed at once, and end in either order.
    assert sorted(lines[-2:]) == ["envoy had to be killed", "server had to be killed"]


def test_the_error_of_a_missing_command_names_it(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    lines: list[str] = []
    missing = str(tmp_path / "missing")
    assert supervise(lines, Program("envoy", [missing], {}, never)) == 1
    assert lines == [f"envoy | {missing}: No such file or directory", "envoy ended with exit code 127"]


def test_a_process_that_is_never_ready_ends_the_run(tmp_path: Path) -> None:
    lines: list[str] = []
    silent = program("server", tmp_path, POLITE.replace("pathlib.Path(sys.argv[1]).touch()", ""), start_within=0.3)
    assert supervise(lines, silent, program("envoy", tmp_path)) == 1
    assert "server was not ready within 0.3 seconds" in lines
    assert not [line for line in lines if line.startswith("envoy")]


def test_a_process_that_ignores_sigterm_is_killed_after_its_grace_period(tmp_path: Path) -> None:
    lines: list[str] = []
    assert supervise(lines, program("server", tmp_path, STUBBORN, grace=0.1)) == 1
    assert lines[-1] == "server had to be killed"


def test_a_second_interrupt_kills_all_processes(tmp_path: Path) -> None:
    lines: list[str] = []

    async def interrupt_again() -> None:
        interrupt()

    assert supervise(lines, program("server", tmp_path, STUBBORN, drain=interrupt_again)) == 1
    assert lines[-1] == "server had to be killed"


def test_descendants_of_an_ended_process_are_killed(tmp_path: Path) -> None:
    leaving = (
        "import subprocess; subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); sys.exit(4)"
    )
    lines: list[str] = []
    # The descendant holds the pipe that the supervisor reads: the test ends only after that descendant is killed.
    assert supervise(lines, mortal(tmp_path, leaving), announce=start_dying(tmp_path)) == 1
    assert lines[-1] == "envoy ended with exit code 4; given up after 4 failures in a row"


def test_long_lines_are_written_unchanged(tmp_path: Path) -> None:
    code = POLITE.replace('print("up", flush=True)', 'print("x" * 300_000); print("é", end="", flush=True)')
    lines: list[str] = []
    supervise(lines, program("server", tmp_path, code))
    assert lines[0] == "server | " + "x" * 300_000
    assert lines[-1] == "server | ébye"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a process whose parent ends")
def test_processes_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    listening = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    child = f"held = open({str(pipe)!r}, 'w')" + POLITE
    with running([sys.executable, "-c", SUPERVISING, child, str(tmp_path / "mark")]) as supervisor:
        supervisor.wait_for_line("ready")
        supervisor.signal(signal.SIGKILL)
        assert select.select([listening], [], [], PATIENCE)[0]
        assert os.read(listening, 1) == b""
    os.close(listening)


SUPERVISING = """
import asyncio, os, pathlib, sys
from iotflow_cli.console import supervisor_on
from iotflow_server.supervision.child_process import Program

async def ready():
    return pathlib.Path(sys.argv[2]).exists()

async def run():
    child = Program("child", [sys.executable, "-c", *sys.argv[1:]], os.environ, ready)
    await supervisor_on(print, [child]).run(lambda: print("ready", flush=True))

asyncio.run(run())
"""

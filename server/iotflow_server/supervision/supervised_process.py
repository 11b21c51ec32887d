"""A program that is kept running, and the policy of its restarts."""

import asyncio
import signal
from dataclasses import dataclass
from typing import Protocol, Self

from iotflow_server.supervision.child_process import ChildProcess, Program

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class RestartPolicy:
    """first_pause, longest_pause: seconds until the next start; each failure in a row doubles them. most_restarts: starts after
    failures in a row; None: no limit. steady_seconds: a program that was ready for longer begins a new row of failures."""

    first_pause: float = 0.5
    longest_pause: float = 30.0
    most_restarts: int | None = 5
    steady_seconds: float = 60.0

    def pause_after(self, failures: int) -> float:
        """Seconds until the next start, after this many failures in a row."""
        return min(self.first_pause * 2.0 ** min(failures - 1, 30), self.longest_pause)


@dataclass(frozen=True, slots=True)
class Failure:
    """reason: the rest of a sentence that begins with the program's name. ready_seconds: how long it was ready."""

    reason: str
    pid: int | None = None
    by_signal: bool = False
    ready_seconds: float = 0.0

    @classmethod
    def ended(cls, pid: int, code: int, ready_seconds: float = 0.0) -> Self:
        """code: negative for the signal that ended the process."""
        how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        return cls(f"ended {how}", pid, code < 0, ready_seconds)


class GivenUp(Exception):
    """A program failed and is not started again; a sentence without its full stop."""


class Reporter(Protocol):
    """Takes the events of a run. name: of the program."""

    def ready(self, name: str, pid: int) -> None:
        """The program is ready, for the first time or again."""

    def failed(self, name: str, failure: Failure, failures: int, pause: float) -> None:
        """The program starts again in `pause` seconds. failures: in a row."""

    def killed(self, name: str) -> None:
        """The program did not end within its grace."""

    def stopping(self, problem: str) -> None:
        """All programs are about to be stopped: on request (empty), or for this reason."""


class SupervisedProcess:
    """Starts a program, and starts it again after each failure, as the policy allows."""

    def __init__(self, program: Program, policy: RestartPolicy, reporter: Reporter) -> None:
        self.name = program.name
        # Set when the program is ready for the first time.
        self.ready = asyncio.Event()
        self.stopped_within_grace = True
        self._program = program
        self._policy = policy
        self._reporter = reporter
        self._failures = 0
        self._closing = False
        self._restarting = False
        self._child: ChildProcess | None = None

    async def keep_running(self) -> None:
        """Run until cancelled, which stops the program, or closed. Raises GivenUp."""
        while not self._closing:
            failure = await self._run_once()
            if self._restarting:
                self._restarting = False
            elif not self._closing:
                pause = self._pause_after(failure)
                self._reporter.failed(self._program.name, failure, self._failures, pause)
                await asyncio.sleep(pause)

    def close(self) -> None:
        """Start the program no more."""
        self._closing = True

    async def restart(self) -> None:
        """Stop the program as at the end of a run. It starts again at once, and this counts as no failure."""
        if self._child and not await self._child.ended_within(0):
            self._restarting = True
            await self._child.stop()

    def kill(self) -> None:
        """End the program now."""
        if self._child:
            self._child.kill()

    async def _run_once(self) -> Failure:
        try:
            self._child = child = await ChildProcess.start(self._program)
        except OSError as error:
            return Failure(f"cannot be started ({error.strerror})")
        try:
            return await self._wait_until_ready(child) or await self._wait_for_end(child)
        finally:
            self.stopped_within_grace = await child.stop()
            if not self.stopped_within_grace:
                self._reporter.killed(self._program.name)

    async def _wait_until_ready(self, child: ChildProcess) -> Failure | None:
        try:
            async with asyncio.timeout(self._program.start_within):
                while not await self._program.ready():
                    if await child.ended_within(POLL_SECONDS):
                        break
        except TimeoutError:
            return Failure(f"was not ready within {self._program.start_within:g} seconds", child.pid)
        # Checked last: another program may have answered in place of one that found its port taken.
        if await child.ended_within(0):
            return Failure.ended(child.pid, await child.ended())
        return None

    async def _wait_for_end(self, child: ChildProcess) -> Failure:
        self.ready.set()
        self._reporter.ready(self._program.name, child.pid)
        loop = asyncio.get_running_loop()
        since = loop.time()
        code = await child.ended()
        return Failure.ended(child.pid, code, loop.time() - since)

    def _pause_after(self, failure: Failure) -> float:
        problem = f"{self._program.name} {failure.reason}"
        # Before the program was ever ready, only a signal (a stop, a lack of memory) leaves hope for the next start.
        if not self.ready.is_set() and not failure.by_signal:
            raise GivenUp(problem)
        self._failures = 1 if failure.ready_seconds > self._policy.steady_seconds else self._failures + 1
        if self._policy.most_restarts is not None and self._failures > self._policy.most_restarts:
            raise GivenUp(f"{problem}; given up after {self._failures} failures in a row")
        return self._policy.pause_after(self._failures)

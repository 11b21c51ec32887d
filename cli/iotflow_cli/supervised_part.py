"""A program of a run that is kept running: started again when it ends, and given up after repeated failures."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass

from iotflow_cli.child_process import ChildProcess, Program, Say
from iotflow_cli.waiting import until


@dataclass(frozen=True)
class Restarts:
    """first_pause, longest_pause: seconds before the next start, twice as many after each failure. failures: how many in a
    row are followed by another start. steady: after so many seconds of running, what was before does not count.
    """

    first_pause: float = 0.5
    longest_pause: float = 30.0
    failures: int = 5
    steady: float = 60.0


class SupervisedPart:
    """tell: takes the program's lines. say: takes lines about it. ending: done when the run ends; nothing is started from then
    on. changed: called when `trouble` has changed."""

    def __init__(
        self,
        program: Program,
        tell: Say,
        say: Say,
        ending: "asyncio.Future[str | None]",
        restarts: Restarts,
        changed: Callable[[], None],
    ) -> None:
        self.name = program.name
        # Why it does not run now; empty: it does, or has not been started yet.
        self.trouble = ""
        self._program = program
        self._tell = tell
        self._say = say
        self._ending = ending
        self._restarts = restarts
        self._changed = changed
        self._failures = 0
        self._child: ChildProcess | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> str:
        """Returns when it is ready or the run ends: empty. Otherwise how it failed."""
        try:
            async with self._starting:
                if self._ending.done():
                    return ""
                self._child = child = await ChildProcess.start(self._program, self._tell)
        except OSError as error:
            return f"{self.name} cannot be started ({error.strerror})"
        return await self._ready(child)

    async def _ready(self, child: ChildProcess) -> str:
        ready = asyncio.create_task(until(self._program.ready, self._program.start_within))
        ended = asyncio.create_task(child.ended())
        await asyncio.wait((ready, ended, self._ending), return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, ended):
            task.cancel()
        outcome, code = await asyncio.gather(ready, ended, return_exceptions=True)
        if self._ending.done():
            return ""
        if isinstance(code, int):
            return f"{self.name} ended {_fate(code)}"
        if isinstance(outcome, TimeoutError):
            await child.stop()
            return f"{self.name} was not ready within {self._program.start_within:g} seconds"
        if isinstance(outcome, Exception):
            raise outcome
        return ""

    async def keep(self) -> str:
        """Keep it running, after its first start, until the run ends: empty. Otherwise why it was given up."""
        trouble = await self._ended()
        while not self._ending.done():
            if self._failures > self._restarts.failures:
                return f"{trouble}; given up after {self._failures} failures in a row"
            await self._wait_for_next_start(trouble)
            if trouble := await self.start():
                self._failures += 1
            elif not self._ending.done():
                self._set_trouble("")
                self._say(f"{self.name} runs again")
                trouble = await self._ended()
        return ""

    async def stop(self) -> bool:
        """End it; False: it had to be killed."""
        async with self._starting:
            child = self._child
        return child is None or await child.stop()

    def kill(self) -> None:
        """End it now."""
        if self._child is not None:
            self._child.kill()

    async def _ended(self) -> str:
        """Wait for its end, and count it; how it ended."""
        assert self._child is not None  # noqa: S101
        loop = asyncio.get_running_loop()
        since = loop.time()
        code = await self._child.ended()
        self._failures = 1 if loop.time() - since > self._restarts.steady else self._failures + 1
        return f"{self.name} ended {_fate(code)}"

    async def _wait_for_next_start(self, trouble: str) -> None:
        pause = min(self._restarts.first_pause * 2 ** (self._failures - 1), self._restarts.longest_pause)
        self._say(
            f"{trouble}; starting it again in {pause:g} s (failure {self._failures} of {self._restarts.failures} in a row)"
        )
        self._set_trouble(trouble)
        await asyncio.wait((self._ending,), timeout=pause)

    def _set_trouble(self, trouble: str) -> None:
        self.trouble = trouble
        self._changed()


def _fate(code: int) -> str:
    return f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"

"""Runs programs together: started in order, each when the one before is ready; kept running; stopped in the opposite order."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence

from iotflow_cli.child_process import Program, Say
from iotflow_cli.supervised_part import Restarts, SupervisedPart

ASKING_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DEFAULT_RESTARTS = Restarts()
Down = Callable[[Sequence[str]], None]


class Supervisor:
    """One run of some programs. down: told of the parts that do not run, a sentence each, whenever that has changed."""

    def __init__(
        self,
        programs: Sequence[Program],
        say: Say,
        down: Down = lambda _: None,
        restarts: Restarts = DEFAULT_RESTARTS,
    ) -> None:
        self._say = say
        self._down = down
        # What ends the run: a sentence about what went wrong, or None where somebody asked for it.
        self._ending: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        width = max(len(program.name) for program in programs)
        self._parts = [
            SupervisedPart(program, self._prefixed(program.name, width), say, self._ending, restarts, self._tell_down)
            for program in programs
        ]

    async def run(self, announce: Callable[[], None]) -> int:
        """Run until asked to stop (0) or until a part is given up (1); `announce` is called once all are ready."""
        keeping: list[asyncio.Task[None]] = []
        with self._asked_by_signals():
            try:
                await self._start_all(announce, keeping)
                trouble = await self._ending
                self._say(trouble or "stopping")
            finally:
                self._end(None)
                stopped_well = await self._stop_all()
                await asyncio.gather(*keeping)
        return 0 if trouble is None and stopped_well else 1

    async def _start_all(self, announce: Callable[[], None], keeping: "list[asyncio.Task[None]]") -> None:
        for part in self._parts:
            if trouble := await part.start():
                self._end(trouble)
            if self._ending.done():
                return
            keeping.append(asyncio.create_task(self._keep(part)))
        announce()

    async def _keep(self, part: SupervisedPart) -> None:
        trouble = f"{part.name} is not watched any more"
        try:
            trouble = await part.keep()
        finally:
            if trouble:
                self._end(trouble)

    def _end(self, trouble: str | None) -> None:
        if not self._ending.done():
            self._ending.set_result(trouble)

    async def _stop_all(self) -> bool:
        stopped_well = [await self._stop(part) for part in reversed(self._parts)]
        return all(stopped_well)

    async def _stop(self, part: SupervisedPart) -> bool:
        stopped_well = await part.stop()
        if not stopped_well:
            self._say(f"{part.name} had to be killed")
        return stopped_well

    @contextlib.contextmanager
    def _asked_by_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in ASKING_TO_STOP:
            loop.add_signal_handler(number, self._asked_to_stop)
        try:
            yield
        finally:
            for number in ASKING_TO_STOP:
                loop.remove_signal_handler(number)

    def _asked_to_stop(self) -> None:
        if not self._ending.done():
            self._end(None)
            return
        for part in self._parts:
            part.kill()

    def _tell_down(self) -> None:
        self._down([part.trouble for part in self._parts if part.trouble])

    def _prefixed(self, name: str, width: int) -> Say:
        return lambda line: self._say(f"{name:<{width}} | {line}")

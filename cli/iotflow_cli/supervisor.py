"""Runs programs together: started in order, each when the one before is ready; stopped in the opposite order."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence

from iotflow_cli.child import Child, Program, Say
from iotflow_cli.waiting import until

ASKING_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """One run of some programs."""

    def __init__(self, programs: Sequence[Program], say: Say) -> None:
        self._programs = programs
        self._say = say
        self._children: list[Child] = []
        self._watches: list[asyncio.Task[None]] = []
        # What ends the run: a sentence about what went wrong, or None where somebody asked for it.
        self._ending: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    async def run(self, announce: Callable[[], None]) -> int:
        """Run until asked to stop (0) or until something goes wrong (1); `announce` is called once all are ready."""
        with self._asked_by_signals():
            try:
                trouble = await self._until_something_ends(announce)
                self._say(trouble or "stopping")
            finally:
                stopped_well = await self._stop_all()
        return 0 if trouble is None and stopped_well else 1

    async def _until_something_ends(self, announce: Callable[[], None]) -> str | None:
        starting = asyncio.create_task(self._start_all(announce))
        first: set[asyncio.Future[None] | asyncio.Future[str | None]] = {starting, self._ending}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
        else:
            starting.cancel()
        return await self._ending

    async def _start_all(self, announce: Callable[[], None]) -> None:
        for program in self._programs:
            try:
                await self._start(program)
            except TimeoutError:
                self._end(f"{program.name} was not ready within {program.start_within:g} seconds")
                return
        announce()

    async def _start(self, program: Program) -> None:
        child = await Child.start(program, self._prefixed(program.name))
        self._children.append(child)
        self._watches.append(asyncio.create_task(self._watch(child)))
        await until(program.ready, program.start_within)

    async def _watch(self, child: Child) -> None:
        code = await child.ended()
        fate = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        self._end(f"{child.program.name} ended {fate}")

    def _end(self, trouble: str | None) -> None:
        if not self._ending.done():
            self._ending.set_result(trouble)

    async def _stop_all(self) -> bool:
        stopped_well = [await self._stop(child) for child in reversed(self._children)]
        await asyncio.gather(*self._watches)
        return all(stopped_well)

    async def _stop(self, child: Child) -> bool:
        stopped_well = await child.stop()
        if not stopped_well:
            self._say(f"{child.program.name} had to be killed")
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
        for child in self._children:
            child.kill()

    def _prefixed(self, name: str) -> Say:
        width = max(len(program.name) for program in self._programs)
        return lambda line: self._say(f"{name:<{width}} | {line}")

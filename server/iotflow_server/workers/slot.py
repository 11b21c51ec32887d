"""A place in the group: a worker that dies is followed by another."""

import asyncio
import signal

import structlog

from iotflow_server.process import CannotStart
from iotflow_server.workers.process import WorkerProcess, process

# Seconds from a worker's end to the next one's start: twice as many each time, until one has served for long.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
LONG = 60.0

log = structlog.get_logger(__name__)


class WorkerSlot:
    """number: from 1. port: the one all share. grace: seconds until a worker that was told to end is killed."""

    def __init__(self, number: int, port: int, grace: float) -> None:
        self._number = number
        self._port = port
        self._grace = grace
        self._pause = FIRST_PAUSE
        # From the first time on that a worker of this place serves.
        self.served = asyncio.Event()

    async def keep(self) -> None:
        """Keep a worker here until cancelled, which stops it. Raises CannotStart where the first one gives up."""
        while True:
            try:
                async with process(self._number, self._port, self._grace) as worker:
                    pause = await self._follow(worker)
            except OSError as error:
                # The machine has no room for a process now; the first time that is a reason to give up.
                if not self.served.is_set():
                    raise
                pause = self._next_pause()
                log.error("worker not started", worker=self._number, problem=str(error), again_after_seconds=pause)
            await asyncio.sleep(pause)

    async def _follow(self, worker: WorkerProcess) -> float:
        """The seconds from its end to the start of the next one."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        if serves := await worker.serves():
            since = loop.time()
            self.served.set()
            log.info("worker serves", worker=self._number, pid=worker.pid)
        code = await worker.ended()
        if code > 0 and not self.served.is_set():
            raise CannotStart(f"worker {self._number} ended with exit code {code}; what it said last is the reason")
        pause = self._next_pause(loop.time() - since if serves else 0.0)
        log.warning("worker ended", worker=self._number, pid=worker.pid, how=_fate(code), again_after_seconds=pause)
        return pause

    def _next_pause(self, served_seconds: float = 0.0) -> float:
        pause = FIRST_PAUSE if served_seconds > LONG else self._pause
        self._pause = min(pause * 2, LONGEST_PAUSE)
        return pause


def _fate(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

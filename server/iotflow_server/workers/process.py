"""A worker as its parent sees it."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from iotflow_server.workers.lifeline import Lifeline

log = structlog.get_logger(__name__)


class WorkerProcess:
    """A process that runs."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: Lifeline) -> None:
        self._process = process
        self._lifeline = lifeline

    @property
    def pid(self) -> int:
        return self._process.pid

    async def serves(self) -> bool:
        """Wait until it serves; False: it ended before."""
        return await self._lifeline.serves()

    async def ended(self) -> int:
        """Wait for its end and give its exit code; negative: the signal that ended it."""
        return await self._process.wait()

    async def stop(self, grace: float) -> None:
        """Ask it to end, and kill it after `grace` seconds."""
        self._signal(signal.SIGTERM)
        try:
            # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the end.
            async with asyncio.timeout(grace):
                await self.ended()
        except TimeoutError:
            log.error("worker had to be killed", pid=self.pid, after_seconds=grace)
            self._signal(signal.SIGKILL)
            await self.ended()
        finally:
            self._lifeline.close()

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)


@asynccontextmanager
async def process(number: int, port: int, grace: float) -> AsyncIterator[WorkerProcess]:
    """A new worker on the port that the parent holds; stopped when the block is left."""
    ours, theirs = socket.socketpair()
    with theirs:
        # A new interpreter, never a fork: threads and locks of gRPC do not survive one.
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "iotflow_server.workers"),
            *(str(number), str(port), str(theirs.fileno())),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
        )
    worker = WorkerProcess(started, await Lifeline.of(ours))
    try:
        yield worker
    finally:
        await worker.stop(grace)

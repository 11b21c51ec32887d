"""A process that does not outlive the one that started it, with its output told line by line."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from iotflow_cli import parent_death_signal

Say = Callable[[str], None]

CHUNK = 65536


@dataclass(frozen=True)
class Program:
    """Something to run.

    prepare: done before each start. ready: asked again and again until it is true. drain: done before the process is told to
    end. grace: seconds from being told to end until it is killed.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], Awaitable[bool]]
    start_within: float = 60.0
    prepare: Callable[[], None] = lambda: None
    drain: Callable[[], Awaitable[None]] | None = None
    grace: float = 15.0


class ChildProcess:
    """A program that runs, in a session of its own: a terminal's Ctrl-C does not reach it."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process, telling: asyncio.Task[None]) -> None:
        self.program = program
        self._process = process
        self._killed = False
        self._end = asyncio.create_task(self._follow(telling))

    @classmethod
    async def start(cls, program: Program, say: Say) -> Self:
        """Run the program; each line it writes is said."""
        program.prepare()
        # A pipe of our own: asyncio would not notice the process's end while something it left behind holds its pipe.
        reading, writing = os.pipe()
        telling = asyncio.create_task(_tell_lines(reading, say))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", parent_death_signal.__file__, str(os.getpid())),
                *program.command,
                env=program.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        return cls(program, process, telling)

    async def ended(self) -> int:
        """Wait for its end and give its exit code; negative: the signal that ended it."""
        return await asyncio.shield(self._end)

    async def stop(self) -> bool:
        """Drain it, tell it to end, kill it after its grace. False: it had to be killed."""
        if not self._end.done():
            await self._end_within_grace()
        return not self._killed

    def kill(self) -> None:
        """End it and everything it started, now."""
        self._killed = True
        self._signal(signal.SIGKILL)

    async def _end_within_grace(self) -> None:
        if self.program.drain:
            await self.program.drain()
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.program.grace):
                await self.ended()
        except TimeoutError:
            self.kill()
            await self.ended()

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:
            self._signal_group(number)

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _follow(self, telling: asyncio.Task[None]) -> int:
        code = await self._process.wait()
        # What it started and left behind would keep its port.
        self._signal_group(signal.SIGKILL)
        await telling
        return code


async def _tell_lines(pipe: int, say: Say) -> None:
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))
    rest = b""
    while chunk := await stream.read(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            say(line.decode(errors="replace"))
    if rest:
        say(rest.decode(errors="replace"))

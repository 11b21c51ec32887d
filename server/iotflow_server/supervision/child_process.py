"""A child process that ends with its parent."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from iotflow_server.supervision import parent_death_signal

CHUNK = 65536

TakeLine = Callable[[str], None]


@dataclass(frozen=True)
class Program:
    """A command, and how it starts and stops.

    prepare: called before each start. ready: called repeatedly until it returns true. start_within: seconds until then; None: no
    limit. drain: called before SIGTERM is sent. grace: seconds from SIGTERM to SIGKILL. output: takes each line that the process
    writes; None: the process writes where its parent does. own_session: keeps the terminal's Ctrl-C away from the process, and ends
    all its descendants with it.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], Awaitable[bool]]
    start_within: float | None = 60.0
    prepare: Callable[[], None] = lambda: None
    drain: Callable[[], Awaitable[None]] | None = None
    grace: float = 15.0
    output: TakeLine | None = None
    own_session: bool = True


class ChildProcess:
    """A program that runs. reading: passes its output on, until the output ends."""

    def __init__(
        self, program: Program, process: asyncio.subprocess.Process, reading: "asyncio.Task[None] | None"
    ) -> None:
        self._program = program
        self._process = process
        self._killed = False
        self._end = asyncio.create_task(self._wait_for_end(reading))

    @classmethod
    async def start(cls, program: Program) -> Self:
        """Run the program. Raises OSError."""
        program.prepare()
        if program.output is None:
            return cls(program, await _execute(program, None), None)
        # Not asyncio's own pipe: while a descendant holds that open, asyncio does not report the end of the process.
        read_end, write_end = os.pipe()
        reading = asyncio.create_task(_pass_lines(read_end, program.output))
        try:
            process = await _execute(program, write_end)
        finally:
            os.close(write_end)
        return cls(program, process, reading)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ended(self) -> int:
        """Wait for the end and return the exit code; negative: the signal that ended the process."""
        return await asyncio.shield(self._end)

    async def ended_within(self, seconds: float) -> bool:
        """Whether the process ends within this time."""
        await asyncio.wait((self._end,), timeout=seconds)
        return self._end.done()

    async def stop(self) -> bool:
        """Drain, send SIGTERM, and send SIGKILL after the grace. False: SIGKILL was needed."""
        if not self._end.done():
            await self._end_within_grace()
        return not self._killed

    def kill(self) -> None:
        """Send SIGKILL to the process and its descendants."""
        if not self._end.done():
            self._killed = True
            self._signal(signal.SIGKILL)

    async def _end_within_grace(self) -> None:
        if self._program.drain:
            await self._program.drain()
        self._signal(signal.SIGTERM)
        if not await self.ended_within(self._program.grace):
            self.kill()
            await self.ended()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is not None:
            return
        if self._program.own_session:
            self._signal_session(number)
        else:
            self._process.send_signal(number)

    def _signal_session(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _wait_for_end(self, reading: "asyncio.Task[None] | None") -> int:
        code = await self._process.wait()
        if self._program.own_session:
            # A descendant that is left would keep the program's port.
            self._signal_session(signal.SIGKILL)
        if reading:
            await reading
        return code


async def _execute(program: Program, output: int | None) -> asyncio.subprocess.Process:
    # A new interpreter, never a fork: the threads and locks of gRPC do not survive one.
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", parent_death_signal.__file__, str(os.getpid())),
        *program.command,
        env=program.env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else asyncio.subprocess.STDOUT,
        start_new_session=program.own_session,
    )


async def _pass_lines(pipe: int, take_line: TakeLine) -> None:
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb"))
    rest = b""
    while chunk := await stream.read(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            take_line(line.decode(errors="replace"))
    if rest:
        take_line(rest.decode(errors="replace"))

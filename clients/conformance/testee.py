"""The program of one language under test: a process that answers JSON lines."""

import asyncio
import json
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from clients.conformance.waiting import Changes, ScenarioFailed

Json = dict[str, Any]
# The longest line: a request or an answer with a whole batch.
_LINE_BYTES = 64 * 1024 * 1024
_SHOWN_BYTES = 200
_HELLO_SECONDS = 30.0
_END_SECONDS = 10.0


class TesteeGone(ScenarioFailed):
    """The process ended before it answered."""


class TesteeError(Exception):
    """The testee answered a request with an error. error: its fields as README.md has them."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error.get('code')} {error.get('reason') or '-'}: {error.get('message')}")
        self.error = error


class Testee:
    """A running testee. events: everything that it reported, in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[Json] = []
        self.changes = Changes()
        self._process = process
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._last_id = 0
        self._reader = asyncio.create_task(self._read(), name="testee's output")

    @classmethod
    async def start(cls, command: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path) -> "Testee":
        """Run the command. Its standard error is appended to `log`."""
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd,
                env={**os.environ, **env},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=_LINE_BYTES,
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def memory(self) -> int:
        """Resident memory of the process in bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    async def hello(self) -> Json:
        """The testee's language, version and skipped features."""
        return await self.ask("hello", {}, _HELLO_SECONDS)

    def send(self, do: str, fields: Json) -> "asyncio.Future[Json]":
        """Send a request. The future gets the result, TesteeError, or TesteeGone."""
        self._last_id += 1
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        if self._reader.done():
            answer.set_exception(TesteeGone(f"The testee has ended; {do} was not sent."))
            return answer
        self._answers[self._last_id] = answer
        line = json.dumps({"id": self._last_id, "do": do, **fields}, separators=(",", ":"))
        if self._process.stdin:
            self._process.stdin.write(line.encode() + b"\n")
        return answer

    async def ask(self, do: str, fields: Json, within: float) -> Json:
        """Send a request and wait for its result. Raises TesteeError, TesteeGone, ScenarioFailed after `within` seconds."""
        return await answered(self.send(do, fields), do, within)

    async def end(self, within: float = _END_SECONDS) -> int:
        """Close the input and wait for the end of the process; its exit code."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(within):
                code = await self._process.wait()
                await self._reader
        except TimeoutError:
            raise ScenarioFailed(f"The testee did not end within {within:g} s of the end of its input.") from None
        return code

    async def kill(self) -> None:
        """End the process and its children as a crash does."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout
        reason = "The testee ended before it answered."
        async for line in self._process.stdout:
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                reason = f"The testee wrote a line that is no answer and no event: {line[:_SHOWN_BYTES]!r}"
                break
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(TesteeGone(reason))
                # No step may be left that waits for it.
                answer.exception()
        self.changes.notify()

    def _take(self, message: Json) -> None:
        if "event" in message:
            self.events.append(message)
        else:
            self._settle(self._answers.pop(message["id"]), message)
        self.changes.notify()

    @staticmethod
    def _settle(answer: "asyncio.Future[Json]", message: Json) -> None:
        if answer.done():
            return
        if "error" in message:
            answer.set_exception(TesteeError(message["error"]))
            answer.exception()
        else:
            answer.set_result(message["result"])


async def answered(answer: "asyncio.Future[Json]", do: str, within: float) -> Json:
    """Wait for a result. Raises as Testee.ask()."""
    try:
        async with asyncio.timeout(within):
            return await asyncio.shield(answer)
    except TimeoutError:
        raise ScenarioFailed(f"{do} was not answered within {within:g} s.") from None

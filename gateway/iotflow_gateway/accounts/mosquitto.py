"""Mosquitto's password file, kept in step with the devices: a Mosquitto told to read it anew cuts off who is not in it any more."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import structlog

from iotflow.topic_names import level_problem
from iotflow.words import DeviceStatus
from iotflow_gateway.accounts.directory import Account, Directory
from iotflow_gateway.accounts.verifiers import verifier

log = structlog.get_logger(__name__)

PASSWORDS, PID = "passwords", "mosquitto.pid"
# Between two readings: each costs the broker a moment, and changes that come together are one.
BETWEEN_SECONDS = 0.1
# Until a broker that could not be told may have started.
AGAIN_SECONDS = 1.0


class MosquittoAccounts:
    """folder: where Mosquitto's configuration says that the password file is. own: the adapter's account, name and password.

    A device that was suspended or removed is cut off within moments, also while connected; so is one whose key was rotated, until
    it shows the new key: Mosquitto knows one password a name, and no grace.
    """

    def __init__(self, folder: Path, pid_file: Path | None, directory: Directory, own: tuple[str, str]) -> None:
        self._file = folder / PASSWORDS
        self._pid_file = pid_file or folder / PID
        self._directory = directory
        self._own = f"{own[0]}:{verifier(own[1])}"
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._nameless: set[int] = set()
        self._written = ""
        # Whether the broker has been told of what is written.
        self._told = True

    def changed(self) -> None:
        """The directory was changed."""
        self._changed.set()

    async def update(self) -> None:
        """Write what the directory has, if that is anything new, and have the broker read it."""
        async with self._writing:
            self._changed.clear()
            text = "\n".join([self._own, *self._lines(), ""])
            if text != self._written:
                await asyncio.to_thread(self._write, text)
                self._written, self._told = text, False
            if not self._told:
                self._told = await asyncio.to_thread(self._tell_broker)
            if not self._told:
                # run() tries again.
                self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._changed.wait()
            await self.update()
            await asyncio.sleep(BETWEEN_SECONDS if self._told else AGAIN_SECONDS)

    def _lines(self) -> Iterator[str]:
        for account in self._directory:
            if account.status != DeviceStatus.INACTIVE and account.verifier:
                self._warn_once(account)
                yield from (f"{name}:{account.verifier}" for name in account.usernames if _is_writable(name))

    def _warn_once(self, account: Account) -> None:
        problem = level_problem(account.name) or ("" if _is_writable(account.name) else "does not fit into the file")
        if problem and account.device_id not in self._nameless:
            self._nameless.add(account.device_id)
            log.warning("name_not_used", device=account.device_id, problem=problem, hint="it logs in by its id")

    def _write(self, text: str) -> None:
        """In one piece: the broker never reads half a file."""
        new = self._file.with_suffix(".new")
        new.write_text(text)
        # Mosquitto may run as a user of its own, and nobody guesses a key by its verifier.
        new.chmod(0o644)
        new.replace(self._file)

    def _tell_broker(self) -> bool:
        """Whether it knows; one that does not run reads the file when it starts."""
        with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
            pid = int(self._pid_file.read_text())
            if not _catches_hangups(pid):
                return False
            os.kill(pid, signal.SIGHUP)
        return True


def _catches_hangups(pid: int) -> bool:
    """SIGHUP would end a broker that is just starting, and whatever else has the number of one that died."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        # Gone, or a system that does not tell.
        return True
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGHUP - 1))


def _is_writable(name: str) -> bool:
    """A colon ends the name in a line, and spaces around it are dropped: it would be another's."""
    return ":" not in name and name == name.strip()

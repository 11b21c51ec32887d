"""Mosquitto's password file, kept up to date with the devices. Mosquitto disconnects clients that the file no longer has."""

import asyncio
import base64
import contextlib
import hashlib
import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import structlog

from iotflow.topic_names import level_problem
from iotflow.words import DeviceStatus
from iotflow_gateway.accounts.directory import DeviceAccount, Directory

log = structlog.get_logger(__name__)

PASSWORDS, PID = "passwords", "mosquitto.pid"
# Pause between two reloads: each delays the broker for a moment, and changes within the pause share one.
BETWEEN_SECONDS = 0.1
# Pause before the next attempt to signal a broker that was starting.
AGAIN_SECONDS = 1.0
# One iteration suffices for the adapter's password: a token is random, so that it cannot be guessed.
ITERATIONS, SALT_BYTES = 1, 12


class MosquittoAccounts:
    """folder: of the password file, as in Mosquitto's configuration. adapter: name and password of the adapter's account.

    Mosquitto disconnects a suspended or removed device within moments. A device with a rotated key is disconnected until it logs in
    with the new key: Mosquitto knows one password for a name, and no grace period.
    """

    def __init__(self, folder: Path, pid_file: Path | None, directory: Directory, adapter: tuple[str, str]) -> None:
        self._file = folder / PASSWORDS
        self._pid_file = pid_file or folder / PID
        self._directory = directory
        self._adapter = f"{adapter[0]}:{_verifier(adapter[1])}"
        self._changed = asyncio.Event()
        self._updating = asyncio.Lock()
        self._warned: set[int] = set()
        self._written = ""
        # Whether the broker has the written file.
        self._is_loaded = True

    def mark_changed(self) -> None:
        """Record that the directory has changed."""
        self._changed.set()

    async def update(self) -> None:
        """Write the accounts of the directory, if they differ from the file, and make the broker reload it."""
        async with self._updating:
            self._changed.clear()
            text = "\n".join([self._adapter, *self._lines(), ""])
            if text != self._written:
                await asyncio.to_thread(self._write, text)
                self._written, self._is_loaded = text, False
            if not self._is_loaded:
                self._is_loaded = await asyncio.to_thread(self._reload_broker)
            if not self._is_loaded:
                # Makes run() try again.
                self._changed.set()

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await self._changed.wait()
            await self.update()
            await asyncio.sleep(BETWEEN_SECONDS if self._is_loaded else AGAIN_SECONDS)

    def _lines(self) -> Iterator[str]:
        for account in self._directory:
            if account.status != DeviceStatus.INACTIVE and account.verifier:
                self._warn_once(account)
                yield from (f"{name}:{account.verifier}" for name in account.usernames if _is_writable(name))

    def _warn_once(self, account: DeviceAccount) -> None:
        problem = level_problem(account.name) or ("" if _is_writable(account.name) else "does not fit into the file")
        if problem and account.device_id not in self._warned:
            self._warned.add(account.device_id)
            hint = "the device can log in by its id only; rename it to use its name"
            log.warning("name_not_used", device_id=account.device_id, problem=problem, hint=hint)

    def _write(self, text: str) -> None:
        """Replace the file in one step, so that the broker never reads a part of it."""
        new = self._file.with_suffix(".new")
        new.write_text(text)
        # Mosquitto may run as another user. Keys cannot be guessed by their verifiers.
        new.chmod(0o644)
        new.replace(self._file)

    def _reload_broker(self) -> bool:
        """Whether the broker has the file. A broker that is not running reads the file at its start."""
        with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
            pid = int(self._pid_file.read_text())
            if not _catches_hangups(pid):
                return False
            os.kill(pid, signal.SIGHUP)
        return True


def _catches_hangups(pid: int) -> bool:
    """SIGHUP would end a broker that is starting, or another process that has the id of a broker that has ended."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        # The process has ended, or the system has no /proc.
        return True
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGHUP - 1))


def _is_writable(name: str) -> bool:
    """Whether a line of the file can hold the name. A colon ends the name, and spaces around it are dropped, so that the line would
    name another device."""
    return ":" not in name and name == name.strip()


def _verifier(password: str) -> str:
    """The password in Mosquitto's form: `$7$<iterations>$<base64 salt>$<base64 PBKDF2-HMAC-SHA512>`."""
    salt = secrets.token_bytes(SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"

"""Mosquitto's password file, kept up to date with the devices. Mosquitto disconnects clients that the file no longer has."""

import asyncio
import base64
import contextlib
import math
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from iotflow.mosquitto_verifier import mosquitto_verifier
from iotflow.topic_names import level_problem
from iotflow.words import DeviceStatus
from iotflow_gateway.accounts.directory import DeviceAccount, Directory

log = structlog.get_logger(__name__)

PASSWORDS, PID = "passwords", "mosquitto.pid"
# Pause between two reloads: each delays the broker for a moment, and changes within the pause share one. For a large fleet the
# pause is this many times as long as the update took, so that an import of many devices does not occupy adapter and broker.
BETWEEN_SECONDS, TIMES_AS_LONG = 0.1, 4
# Pause before the next attempt to signal a broker that was starting.
AGAIN_SECONDS = 1.0
# Resolution of the start of a process in /proc.
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class MosquittoAccounts:
    """folder: of the password file, as in Mosquitto's configuration. adapter: name and password of the adapter's account.

    Mosquitto disconnects a suspended or removed device within moments. A device with a rotated key is disconnected until it logs in
    with the new key: Mosquitto knows one password for a name, and no grace period.

    Mosquitto 2 checks all sessions again when it reloads the file. A session that it restored at its start has no password until
    its client connects: it loses the rights of its user, and Mosquitto drops the messages for it, although it acknowledges them. So
    the file is reloaded while the adapter is connected to the running broker only, or if the broker rejects the adapter's login.
    """

    def __init__(self, folder: Path, pid_file: Path | None, directory: Directory, adapter: tuple[str, str]) -> None:
        self._file = folder / PASSWORDS
        self._pid_file = pid_file or folder / PID
        self._directory = directory
        self._name, self._password = adapter
        self._login = ""
        self._changed = asyncio.Event()
        self._updating = asyncio.Lock()
        self._warned: set[int] = set()
        self._written = ""
        # Whether the broker has the written file.
        self._is_loaded = True
        # Whether the broker does not know the adapter's login.
        self._is_locked_out = False
        self._connected = asyncio.Event()
        self._connected_at = 0.0

    def mark_changed(self) -> None:
        """Record that the directory has changed."""
        self._changed.set()

    def connected(self) -> None:
        """Record that the adapter is connected to the broker."""
        self._connected_at = time.monotonic()
        self._connected.set()

    def disconnected(self) -> None:
        """Record that the adapter is not connected."""
        self._connected.clear()

    async def prepare(self) -> None:
        """Give the adapter its login, before it connects. Nothing is reloaded if the file has it already."""
        self._written = await asyncio.to_thread(self._read)
        self._login = _kept_login(self._written, self._name, self._password)
        if self._login:
            self._changed.set()
        else:
            self._login = f"{self._name}:{mosquitto_verifier(self._password)}"
            await self.renew_login()

    async def renew_login(self) -> None:
        """Make the broker reload the file, because it does not know the adapter's login."""
        self._is_locked_out, self._is_loaded = True, False
        await self.update()

    async def update(self) -> None:
        """Write the accounts of the directory, if they differ from the file, and make the broker reload it."""
        async with self._updating:
            self._changed.clear()
            # In a thread, because a line takes a microsecond, and there may be millions.
            text = await asyncio.to_thread(self._text, list(self._directory))
            if text != self._written:
                await asyncio.to_thread(self._write, text)
                self._written, self._is_loaded = text, False
            if not self._is_loaded:
                self._is_loaded = await asyncio.to_thread(self._reload_broker)
            if self._is_loaded:
                self._is_locked_out = False
            else:
                # Makes run() try again.
                self._changed.set()

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await self._changed.wait()
            await self._connected.wait()
            began = time.monotonic()
            await self.update()
            pause = max(BETWEEN_SECONDS, TIMES_AS_LONG * (time.monotonic() - began))
            await asyncio.sleep(pause if self._is_loaded else AGAIN_SECONDS)

    def _text(self, accounts: Sequence[DeviceAccount]) -> str:
        return "\n".join([self._login, *self._lines(accounts), ""])

    def _lines(self, accounts: Sequence[DeviceAccount]) -> Iterator[str]:
        for account in accounts:
            if account.status != DeviceStatus.INACTIVE and account.verifier:
                self._warn_once(account)
                yield from (f"{name}:{account.verifier}" for name in account.usernames if _is_writable(name))

    def _warn_once(self, account: DeviceAccount) -> None:
        problem = level_problem(account.name) or ("" if _is_writable(account.name) else "does not fit into the file")
        if problem and account.device_id not in self._warned:
            self._warned.add(account.device_id)
            hint = "the device can log in by its id only; rename it to use its name"
            log.warning("name_not_used", device_id=account.device_id, problem=problem, hint=hint)

    def _read(self) -> str:
        try:
            return self._file.read_text()
        except FileNotFoundError:
            return ""

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
            if not (_catches_hangups(pid) and (self._is_locked_out or self._is_connected_to(pid))):
                return False
            os.kill(pid, signal.SIGHUP)
        return True

    def _is_connected_to(self, pid: int) -> bool:
        """Whether the adapter's connection is younger than the process. The loss of one to an earlier broker may not be known yet."""
        return self._connected.is_set() and _age(pid) > time.monotonic() - self._connected_at


def _age(pid: int) -> float:
    """Seconds since the start of a process; infinite if the system has no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return math.inf
    # The 22nd field of proc(5) is the start in ticks since the start of the system; the first two are cut off.
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / TICKS_PER_SECOND


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


def _kept_login(text: str, name: str, password: str) -> str:
    """The first line of the file, if it is this login; otherwise empty."""
    line = text.partition("\n")[0]
    _, _, salt = line.removeprefix(f"{name}:").rpartition("$")[0].rpartition("$")
    with contextlib.suppress(ValueError):
        if line == f"{name}:{mosquitto_verifier(password, base64.b64decode(salt, validate=True))}":
            return line
    return ""

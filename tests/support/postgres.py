"""A private, real PostgreSQL for tests, removed at the end."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

# Time limit of a start, in seconds.
PATIENCE = 30


class Postgres:
    """Listens on a Unix socket in its own folder only, so that servers do not compete for a port."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._names = (f"test_{number}" for number in count(1))
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        name = next(self._names)
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    @staticmethod
    def emptied(url: str) -> str:
        """Empty the database, which is much faster than a new one; its URL. No connection to it may be open."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return url

    @staticmethod
    def without_rows(url: str, tables: Iterable[str]) -> str:
        """Delete all rows of the tables, in this order, and begin all numbers anew; the URL.

        For tables with few rows it takes a fifth of the time of TRUNCATE.
        """
        statements = [f"DELETE FROM {table}" for table in tables]
        restart = "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("; ".join([*statements, restart]).encode())
        return url

    def initialize(self) -> None:
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [str(self._binaries / "initdb"), f"--pgdata={self._folder / 'data'}", *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._folder, **_not_root())

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "log_min_messages": "fatal",
            # The tests kill the server, never the machine.
            "fsync": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [str(self._binaries / "postgres"), "-D", str(self._folder / "data"), *options]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, **_not_root())
        self._process = process
        self._await_answer(process)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server and close all connections; nothing if it is stopped. how: SIGINT for a clean stop, SIGQUIT for a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause all processes of the server; connections and locks stay."""
        assert self._process is not None
        stopped = [self._process.pid, *_children(self._process.pid)]
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in stopped:
                os.kill(process, signal.SIGCONT)

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.02)
            else:
                return


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A running server. Raises RuntimeError if PostgreSQL is not installed."""
    binaries = _binaries()
    # Not in the folder of a test: the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="iotflow-postgres-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Postgres(binaries, folder)
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder)


def _children(parent: int) -> list[int]:
    """Ids of the child processes."""
    found = (path.read_text() for path in Path("/proc").glob(f"{parent}/task/*/children"))
    return [int(child) for children in found for child in children.split()]


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    raise RuntimeError("PostgreSQL is not installed: these tests need its server (Debian's package postgresql)")


def _not_root() -> dict[str, Any]:
    """PostgreSQL does not run as root; its package creates an account for it."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

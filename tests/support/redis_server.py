"""A private, real Redis for tests, in memory only, which tests kill, pause and restart at the same address."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from tests.support.processes import free_port

# Time limit of a start, in seconds.
PATIENCE = 10


class RedisServer:
    """Listens on the loopback and on a socket in its own folder. Stores nothing on disk, so that it starts empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """URL by TCP."""
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def socket_url(self) -> str:
        """URL by the Unix socket."""
        return f"unix://{self._folder}/socket"

    def start(self, *options: str) -> None:
        """Start the server, and wait until it answers. options: further options of redis-server, such as `--requirepass`, `secret`."""
        address = ["--bind", "127.0.0.1", "--port", str(self._port), "--unixsocket", str(self._folder / "socket")]
        command = ["redis-server", *address, "--save", "", "--appendonly", "no", "--dir", str(self._folder), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._await_answer(self._process)

    def kill(self) -> None:
        """Kill the server; its data is lost. Does nothing if it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def freeze(self) -> None:
        """Stop responding while keeping connections."""
        self._running.send_signal(signal.SIGSTOP)
        # The signal is delivered when the kernel gets to it.
        os.waitid(os.P_PID, self._running.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        """Continue, beginning with the requests received in the meantime."""
        self._running.send_signal(signal.SIGCONT)

    def client(self) -> "redis.Redis":
        """A client for inspection; the caller closes it."""
        return redis.Redis.from_url(self.url)

    @property
    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "Redis does not run"
        return self._process

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(redis.ConnectionError), self._visitor() as client:
                # A server that requires a password answers as well.
                with suppress(redis.AuthenticationError):
                    client.ping()
                return
            time.sleep(0.01)
        raise RuntimeError((self._folder / "log").read_text())

    def _visitor(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url, retry=None)


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """A running server. Raises RuntimeError if redis-server is not installed."""
    if shutil.which("redis-server") is None:
        raise RuntimeError("Redis is not installed: these tests need its server (Debian's package redis-server)")
    # Not in the folder of a test: the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="iotflow-redis-", dir="/tmp"))
    server = RedisServer(folder)
    try:
        server.start(*options)
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)

"""An Apache IoTDB server without a container, for this machine only.

`python -m tools.iotdb_server` runs one on port 6667 until Ctrl-C; with `fetch` it only downloads the jars. A server has two
processes: a ConfigNode and a DataNode.
"""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.iotdb_jars import command, fetch, properties
from tools.iotdb_password import replace_password
from tools.ports import beyond_loopback, reserved_port

_ROOT = Path(__file__).parents[1]
_PORTS = (
    "dn_rpc_port",
    "cn_internal_port",
    "cn_consensus_port",
    "dn_internal_port",
    "dn_mpp_data_exchange_port",
    "dn_schema_region_consensus_port",
    "dn_data_region_consensus_port",
)
# Seconds for a server to start, and to stop.
TIMEOUT = 90.0
# Restarts after failures in a row; a server that ran for longer begins a new row.
MOST_RESTARTS, STEADY_SECONDS = 5, 60.0


class IotdbServer:
    """A server with its data in a folder. ports: seven, the first one for clients. settings: properties in addition to those in
    tools/iotdb. java: options of the virtual machine."""

    def __init__(
        self, folder: Path, ports: Sequence[int], settings: Mapping[str, str] | None = None, java: Sequence[str] = ()
    ) -> None:
        self.port = ports[0]
        self.ports = ports
        self._settings = settings or {}
        self._java = java
        self._folder = folder
        self._nodes: list[subprocess.Popen[bytes]] = []

    @property
    def pids(self) -> list[int]:
        """The ids of its processes."""
        return [node.pid for node in self._nodes]

    def start(self) -> None:
        """Start the processes, and return when the server accepts connections. Stored data is kept."""
        if not (self._folder / "conf").exists():
            self._configure()
        self._nodes = [
            self._launch("org.apache.iotdb.confignode.service.ConfigNode", "CONFIGNODE", "-Xmx256m"),
            self._launch("org.apache.iotdb.db.service.DataNode", "IOTDB", "-Xmx1g", "-XX:MaxDirectMemorySize=512m"),
        ]
        self._wait_until_listening()
        if addresses := beyond_loopback(self.pids):
            self.stop(signal.SIGKILL)
            raise RuntimeError(
                f"IoTDB was stopped because it listens on {', '.join(addresses)}, which the network can reach."
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the processes. how: SIGTERM for an orderly stop, SIGKILL for a crash. No effect on a stopped server."""
        for node in reversed(self._nodes):
            node.send_signal(how)
        for node in self._nodes:
            node.wait(TIMEOUT)
        self._nodes = []

    def wait(self) -> None:
        """Return when one of the processes has ended."""
        while all(node.poll() is None for node in self._nodes):
            time.sleep(0.5)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The server keeps its connections and does not answer."""
        for node in self._nodes:
            node.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for node in self._nodes:
                node.send_signal(signal.SIGCONT)

    def _configure(self) -> None:
        conf = self._folder / "conf"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        conf.mkdir()
        ports = dict(zip(_PORTS, self.ports, strict=True))
        seed = f"127.0.0.1:{ports['cn_internal_port']}"
        lines = [f"{name}={value}" for name, value in {**ports, **self._settings}.items()]
        lines += [f"cn_seed_config_node={seed}", f"dn_seed_config_node={seed}"]
        settings = properties() + "\n".join(lines) + "\n"
        (conf / "iotdb-system.properties").write_text(settings)

    def _launch(self, main: str, role: str, *memory: str) -> subprocess.Popen[bytes]:
        home = self._folder
        java = command(main, role, [*memory, *self._java], home)
        with (home / f"{role.lower()}.log").open("ab") as log:
            # A group of its own: a Ctrl-C reaches only this program, which then stops the server in order.
            return subprocess.Popen(java, cwd=home, stdout=log, stderr=log, start_new_session=True)

    def _wait_until_listening(self) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not _listens(self.port):
            if time.monotonic() > deadline or any(node.poll() is not None for node in self._nodes):
                logs = "\n".join(path.read_text()[-4000:] for path in self._folder.glob("*.log"))
                self.stop(signal.SIGKILL)
                raise RuntimeError(f"IoTDB did not start:\n{logs}")
            time.sleep(0.1)


@contextmanager
def iotdb_server(
    settings: Mapping[str, str] | None = None, parent: Path | None = None, java: Sequence[str] = ()
) -> Iterator[IotdbServer]:
    """Run a server on free ports with a temporary folder. settings, java: see IotdbServer. parent: the parent of the folder; None:
    the system's folder for temporary files."""
    fetch()
    with tempfile.TemporaryDirectory(prefix="iotflow-iotdb-", dir=parent) as folder:
        server = IotdbServer(Path(folder), [reserved_port() for _ in _PORTS], settings, java)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGKILL)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _keep(server: IotdbServer) -> None:
    """Restart the server after each failure, with a pause that doubles. Return after too many failures in a row."""
    failures = 0
    while failures <= MOST_RESTARTS:
        since = time.monotonic()
        server.wait()
        failures = 1 if time.monotonic() - since > STEADY_SECONDS else failures + 1
        if failures <= MOST_RESTARTS:
            print(
                f"IoTDB ended; starting it again in {2**failures} s (failure {failures} of {MOST_RESTARTS} in a row)",
                flush=True,
            )
            server.stop(signal.SIGKILL)
            time.sleep(2**failures)
            server.start()
            print("IoTDB runs again", flush=True)


def main() -> None:
    """Run a server with its data in data/iotdb until Ctrl-C or SIGTERM."""
    fetch()
    if "fetch" in sys.argv:
        return
    ports, folder = range(6667, 6667 + len(_PORTS)), _ROOT / "data" / "iotdb"
    if taken := [port for port in ports if _listens(port)]:
        sys.exit(
            f"The ports {taken} are in use. Stop the IoTDB that runs already; this one needs {ports.start} to {ports.stop - 1}."
        )
    server = IotdbServer(folder, ports)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        print("Starting IoTDB, which takes some seconds …", flush=True)
        server.start()
        replace_password(folder / "password", server.port)
        print(
            f"IoTDB listens on 127.0.0.1:{server.port} until Ctrl-C. Its password is in {folder}/password. Use it with:",
            flush=True,
        )
        print(f'make up ARGS="--telemetry iotdb://root:$(cat {folder}/password)@127.0.0.1:{server.port}"', flush=True)
        _keep(server)
        sys.exit(f"IoTDB failed {MOST_RESTARTS + 1} times in a row. See its logs: {folder}/*.log.")
    except RuntimeError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("Stopping …", flush=True)
    finally:
        # A second Ctrl-C must not leave the two processes running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.stop()


if __name__ == "__main__":
    main()

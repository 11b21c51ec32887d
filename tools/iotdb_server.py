"""A real Apache IoTDB server without a container, for this machine only: `python -m tools.iotdb_server` runs one on port
6667 until Ctrl-C, `python -m tools.iotdb_server fetch` only brings what it needs.

A server is two processes: a ConfigNode and a DataNode.
"""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.iotdb_jars import command, fetch, properties
from tools.iotdb_password import set_own_password
from tools.listening import beyond_loopback

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
# Seconds until a server answers, and until it has ended.
PATIENCE = 90.0
# A server that died is started again so often; what was before it ran so long does not count.
FAILURES, STEADY_SECONDS = 5, 60.0


class IotdbServer:
    """Keeps what it stores in folder. ports: seven, the first is the one for clients. settings: of its properties, on top
    of those in tools/iotdb."""

    def __init__(self, folder: Path, ports: Sequence[int], settings: Mapping[str, str] | None = None) -> None:
        self.port = ports[0]
        self.ports = ports
        self._settings = settings or {}
        self._folder = folder
        self._nodes: list[subprocess.Popen[bytes]] = []

    @property
    def pids(self) -> list[int]:
        """Its processes' ids."""
        return [node.pid for node in self._nodes]

    def start(self) -> None:
        """Returns when it answers. A server that was stopped or killed starts with what it had stored."""
        if not (self._folder / "conf").exists():
            self._configure()
        self._nodes = [
            self._launch("org.apache.iotdb.confignode.service.ConfigNode", "CONFIGNODE", "-Xmx256m"),
            self._launch("org.apache.iotdb.db.service.DataNode", "IOTDB", "-Xmx1g", "-XX:MaxDirectMemorySize=512m"),
        ]
        self._await_answer()
        if addresses := beyond_loopback(self.pids):
            self.stop(signal.SIGKILL)
            raise RuntimeError(
                f"IoTDB was stopped: it listens on {', '.join(addresses)}, for everybody of the network."
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """how: SIGTERM for in good order, SIGKILL for a crash. Harmless when stopped."""
        for node in reversed(self._nodes):
            node.send_signal(how)
        for node in self._nodes:
            node.wait(PATIENCE)
        self._nodes = []

    def watch(self) -> None:
        """Returns when one of its processes has ended."""
        while all(node.poll() is None for node in self._nodes):
            time.sleep(0.5)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The server keeps its connections and says nothing."""
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
        java = command(main, role, memory, home)
        with (home / f"{role.lower()}.log").open("ab") as log:
            # A group of its own: a Ctrl-C is for who started it, who then ends it in good order.
            return subprocess.Popen(java, cwd=home, stdout=log, stderr=log, start_new_session=True)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not _answers(self.port):
            if time.monotonic() > deadline or any(node.poll() is not None for node in self._nodes):
                logs = "\n".join(path.read_text()[-4000:] for path in self._folder.glob("*.log"))
                self.stop(signal.SIGKILL)
                raise RuntimeError(f"IoTDB did not start:\n{logs}")
            time.sleep(0.1)


@contextmanager
def iotdb_server(settings: Mapping[str, str] | None = None, parent: Path | None = None) -> Iterator[IotdbServer]:
    """A running server on free ports, with an empty folder that is gone afterwards. settings: see IotdbServer. parent: where
    the folder is; None: where temporary ones are."""
    fetch()
    with tempfile.TemporaryDirectory(prefix="iotflow-iotdb-", dir=parent) as folder:
        server = IotdbServer(Path(folder), _free_ports(len(_PORTS)), settings)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGKILL)


def _free_ports(count: int) -> Sequence[int]:
    with ExitStack() as held:
        # All at once, so that no port comes twice.
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _keep(server: IotdbServer) -> None:
    """Start it again when it dies, after a pause that doubles; returns when it has died too often in a row."""
    failures = 0
    while failures <= FAILURES:
        since = time.monotonic()
        server.watch()
        failures = 1 if time.monotonic() - since > STEADY_SECONDS else failures + 1
        if failures <= FAILURES:
            print(
                f"IoTDB has died; starting it again in {2**failures} s (failure {failures} of {FAILURES} in a row)",
                flush=True,
            )
            server.stop(signal.SIGKILL)
            time.sleep(2**failures)
            server.start()
            print("IoTDB runs again", flush=True)


def main() -> None:
    """Run a server until Ctrl-C or SIGTERM; what it stores is kept in data/iotdb."""
    fetch()
    if "fetch" in sys.argv:
        return
    ports, folder = range(6667, 6667 + len(_PORTS)), _ROOT / "data" / "iotdb"
    if taken := [port for port in ports if _answers(port)]:
        sys.exit(f"Ports in use: {taken}. Does an IoTDB run already? This one needs {ports.start} to {ports.stop - 1}.")
    server = IotdbServer(folder, ports)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        print("Starting IoTDB, which takes some seconds …", flush=True)
        server.start()
        set_own_password(folder / "password", server.port)
        print(
            f"IoTDB listens on 127.0.0.1:{server.port}; Ctrl-C ends it. Its password is in {folder}/password:",
            flush=True,
        )
        print(f'make up ARGS="--telemetry iotdb://root:$(cat {folder}/password)@127.0.0.1:{server.port}"', flush=True)
        _keep(server)
        sys.exit(f"IoTDB died {FAILURES + 1} times in a row; its logs are {folder}/*.log.")
    except RuntimeError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("Stopping …", flush=True)
    finally:
        # One more Ctrl-C must not leave the two processes behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.stop()


if __name__ == "__main__":
    main()

"""The whole service as a user starts it: `iotflow up`, on free ports."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import IOTFLOW, PATIENCE, Running, free_port, running


@dataclass(frozen=True, slots=True)
class Service:
    """Where it answers, and the admin's token."""

    rest: str
    rest_port: int
    grpc_port: int
    data_dir: Path
    process: Running

    @property
    def admin_token(self) -> str:
        """As the data folder has it."""
        return (self.data_dir / "admin-token").read_text().strip()


@contextmanager
def iotflow_up(
    data_dir: Path,
    env: Mapping[str, str] | None = None,
    *options: str,
    within: float = PATIENCE,
    program: str | Path = IOTFLOW,
) -> Iterator[Service]:
    """Start it, wait `within` seconds for the line `ready`, stop it by SIGTERM. Without MQTT, unless the options name a broker."""
    rest_port, grpc_port = free_port(), free_port()
    command = [str(program), "up", "--data-dir", str(data_dir)]
    ports = ["--rest-port", str(rest_port), "--grpc-port", str(grpc_port)]
    broker = [] if "--broker" in options else ["--broker", "none"]
    with running([*command, *ports, *broker, *options], env) as process:
        process.wait_for_line("ready", within)
        yield Service(f"http://127.0.0.1:{rest_port}", rest_port, grpc_port, data_dir, process)
        if process.alive:
            process.terminate()

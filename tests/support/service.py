"""The whole service as `iotflow up` starts it, on free ports."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import IOTFLOW, PATIENCE, Running, free_port, running


@dataclass(frozen=True, slots=True)
class Service:
    """The ports of the service, and the token of the admin."""

    rest: str
    rest_port: int
    grpc_port: int
    data_dir: Path
    process: Running

    @property
    def admin_token(self) -> str:
        """The token in the data folder."""
        return (self.data_dir / "admin-token").read_text().strip()


@contextmanager
def iotflow_up(
    data_dir: Path,
    env: Mapping[str, str] | None = None,
    *options: str,
    within: float = PATIENCE,
    program: str | Path = IOTFLOW,
) -> Iterator[Service]:
    """Run the service; wait at most `within` seconds for the line `ready`. It has no broker unless the options name one."""
    rest_port, grpc_port = free_port(), free_port()
    command = [str(program), "up", "--data-dir", str(data_dir)]
    ports = ["--rest-port", str(rest_port), "--grpc-port", str(grpc_port)]
    broker = [] if "--broker" in options else ["--broker", "none"]
    with running([*command, *ports, *broker, *options], env) as process:
        process.wait_for_line("ready", within)
        yield Service(f"http://127.0.0.1:{rest_port}", rest_port, grpc_port, data_dir, process)
        if process.alive:
            process.terminate()

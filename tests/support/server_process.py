"""The server as a separate process on any port."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from tests.support.processes import Running, running, serving_port


@contextmanager
def server(folder: Path, **env: str) -> Iterator[tuple[Running, grpc.Channel]]:
    """`python -m iotflow_server`, serving on any port."""
    settings = {
        "IOTFLOW_DATA_DIR": str(folder),
        "IOTFLOW_GRPC_PORT": "0",
        "IOTFLOW_REGISTRATION": "open",
        "IOTFLOW_PUBLIC_DIAGNOSTICS": "true",
        **env,
    }
    with (
        running([sys.executable, "-m", "iotflow_server"], settings, cwd=folder) as process,
        grpc.insecure_channel(f"127.0.0.1:{serving_port(process)}") as channel,
    ):
        yield process, channel

"""Settings of the server that runs on one machine. The user's own settings take precedence."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from iotflow.loopback import is_loopback

HOST = "127.0.0.1"
# Name of the file in which the server reads the parts that do not run.
PARTS_DOWN = "parts-down"
# Open settings are safe on the loopback: every client there runs on this machine already.
DEFAULTS = {
    "IOTFLOW_PUBLIC_READS": "true",
    "IOTFLOW_PUBLIC_DIAGNOSTICS": "true",
    "IOTFLOW_REGISTRATION": "open",
    "IOTFLOW_GATEWAY_ANONYMOUS": "true",
    "IOTFLOW_LOG_FORMAT": "console",
}
# On a network address the server's own defaults hold, which require credentials.
NETWORK_DEFAULTS = {"IOTFLOW_LOG_FORMAT": "console"}
# The server's own defaults.
SERVER_DRAIN_SECONDS = 10.0
STORE_START_SECONDS = 30.0


def defaults(host: str) -> dict[str, str]:
    """Settings unless the user set them. host: REST's address."""
    return DEFAULTS if is_loopback(host) else NETWORK_DEFAULTS


def chosen() -> dict[str, str]:
    """The user's settings: the environment, then .env, in the server's order."""
    from_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**from_file, **os.environ}


def data_dir() -> Path:
    """The data folder that the user's settings name."""
    return Path(chosen().get("IOTFLOW_DATA_DIR") or "data")


def effective(host: str) -> dict[str, str]:
    """The user's settings on top of the defaults. host: REST's address."""
    return {**defaults(host), **chosen()}


def drain_seconds(env: Mapping[str, str]) -> float:
    """Time in which the server lets calls finish."""
    return _seconds(env, "IOTFLOW_DRAIN_SECONDS", SERVER_DRAIN_SECONDS)


def store_start_seconds(env: Mapping[str, str]) -> float:
    """Time in which the server waits at its start for a remote store."""
    return _seconds(env, "IOTFLOW_STORE_START_SECONDS", STORE_START_SECONDS)


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    """The default for an invalid value, which the server itself rejects."""
    try:
        return float(env[name])
    except (KeyError, ValueError):
        return default


def server_environment(chosen: Mapping[str, str], data_dir: Path, grpc_port: int) -> dict[str, str]:
    """The server's whole environment. The server listens on the loopback, behind Envoy."""
    ours = {
        "IOTFLOW_DATA_DIR": str(data_dir),
        "IOTFLOW_GRPC_HOST": HOST,
        "IOTFLOW_GRPC_PORT": str(grpc_port),
        "IOTFLOW_PARTS_FILE": str(data_dir / PARTS_DOWN),
        # Each line appears at once instead of with the next full buffer.
        "PYTHONUNBUFFERED": "1",
    }
    return {**chosen, **ours}


def worker_sockets(data_dir: Path, workers: int) -> list[Path]:
    """The socket of each worker beside their common port; a single process has none."""
    return [data_dir / "workers" / f"{number + 1}.sock" for number in range(workers)] if workers > 1 else []

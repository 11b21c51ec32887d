"""What the server is told when it runs on one machine; whatever the user set stays."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from iotflow_cli.data_folder import PARTS_DOWN

# The server listens on loopback here, so that whoever can reach it has the machine anyway.
DEFAULTS = {
    "IOTFLOW_PUBLIC_READS": "true",
    "IOTFLOW_PUBLIC_DIAGNOSTICS": "true",
    "IOTFLOW_REGISTRATION": "open",
    "IOTFLOW_GATEWAY_ANONYMOUS": "true",
    "IOTFLOW_LOG_FORMAT": "console",
}
# Where others of the network can reach it, the server's own defaults ask for credentials.
NETWORK_DEFAULTS = {"IOTFLOW_LOG_FORMAT": "console"}
# The server's own defaults.
SERVER_DRAIN_SECONDS = 10.0
STORE_START_SECONDS = 30.0


def is_here(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def defaults(host: str) -> dict[str, str]:
    """What holds unless the user set it. host: REST's address."""
    return DEFAULTS if is_here(host) else NETWORK_DEFAULTS


def chosen() -> dict[str, str]:
    """What the user set: the environment, then .env, as the server reads them."""
    from_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**from_file, **os.environ}


def drain_seconds(env: Mapping[str, str]) -> float:
    """How long the server lets calls finish."""
    return _seconds(env, "IOTFLOW_DRAIN_SECONDS", SERVER_DRAIN_SECONDS)


def store_start_seconds(env: Mapping[str, str]) -> float:
    """How long the server waits at its start for a store that is elsewhere."""
    return _seconds(env, "IOTFLOW_STORE_START_SECONDS", STORE_START_SECONDS)


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    """Of a value that is no number, the server itself complains."""
    try:
        return float(env[name])
    except (KeyError, ValueError):
        return default


def server_environment(chosen: Mapping[str, str], data_dir: Path, grpc_port: int) -> dict[str, str]:
    """The server's whole environment. It listens on the loopback, behind the gateway."""
    ours = {
        "IOTFLOW_DATA_DIR": str(data_dir),
        "IOTFLOW_GRPC_HOST": "127.0.0.1",
        "IOTFLOW_GRPC_PORT": str(grpc_port),
        "IOTFLOW_PARTS_FILE": str(data_dir / PARTS_DOWN),
        # Its lines are shown as they come, not a buffer at a time.
        "PYTHONUNBUFFERED": "1",
    }
    return {**chosen, **ours}


def worker_sockets(data_dir: Path, workers: int) -> list[Path]:
    """Where each of several server processes listens beside their common port; one alone has no socket."""
    return [data_dir / "workers" / f"{number + 1}.sock" for number in range(workers)] if workers > 1 else []

"""The examples of the C client as programs, and the service that they connect to."""

import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from tests.support.service import Service, iotflow_up

CLIENT = Path(__file__).parents[2] / "clients/c"
SECONDS = 60.0
_SOURCES = (*sorted(CLIENT.glob("src/*.c")), *sorted(CLIENT.glob("ports/posix_*.c")))
_TLS_HEADER = Path("/usr/include/openssl/ssl.h")

with_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="a C compiler is not installed")
with_openssl = pytest.mark.skipif(
    shutil.which("cc") is None or not _TLS_HEADER.exists(), reason="a C compiler or OpenSSL's headers are not installed"
)


def build(program: Path, example: str, *more: str) -> str:
    """The program of an example."""
    include = [f"-I{CLIENT / folder}" for folder in ("include", "ports")]
    subprocess.run(["cc", "-std=c99", *include, *_SOURCES, CLIENT / example, *more, "-o", program], check=True)
    return str(program)


def build_device(folder: Path) -> str:
    return build(folder / "device", "examples/posix/device.c", str(CLIENT / "ports/openssl_tls.c"), "-lssl", "-lcrypto")


def embedded(folder: Path, port: int) -> AbstractContextManager[Service]:
    """The service with its own broker."""
    return iotflow_up(folder / "data", None, "--broker", "embedded", "--mqtt-port", str(port))


def admin(service: Service) -> httpx.Client:
    headers = {"Authorization": f"Bearer {service.admin_token}"}
    return httpx.Client(base_url=f"{service.rest}/api/v1", headers=headers, timeout=SECONDS, trust_env=False)


def sent(api: httpx.Client, device: str, name: str, **parameters: int) -> tuple[str, object]:
    """State and result of a command after its end."""
    body = {"name": name, "parameters": parameters, "time_to_live_seconds": 60, "wait_seconds": 20}
    command = api.post(f"/admin/devices/{device}/commands", json=body).json()["command"]
    return command["state"], command.get("result")


def until(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds; what is stored is not published here."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""A service with settings of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.service import iotflow_up

REGISTER = "/api/v1/devices/register"


@contextmanager
def configured_service(folder: Path, **env: str) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """A client of a service with these settings, and the admin's headers."""
    with (
        iotflow_up(folder, {f"IOTFLOW_{name.upper()}": value for name, value in env.items()}) as service,
        httpx.Client(base_url=service.rest, trust_env=False, timeout=30) as http,
    ):
        yield http, {"authorization": f"Bearer {service.admin_token}"}

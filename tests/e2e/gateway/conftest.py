"""The real gateway in front of a stand-in for the server."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from iotflow_cli.envoy.proxy import EnvoyProxy
from tests.e2e.gateway.standin import serving
from tests.support.processes import PATIENCE, free_port, running, wait_until_listening


@contextlib.contextmanager
def open_gateway(settings: EnvoyProxy) -> Iterator[EnvoyProxy]:
    """The gateway with these settings on a free port, listening."""
    gateway = dataclasses.replace(settings, rest_port=free_port())
    gateway.prepare()
    with running(gateway.command()) as process:
        wait_until_listening(gateway.rest_port, process)
        yield gateway


@pytest.fixture(scope="session")
def server_port() -> Iterator[int]:
    """The port of the stand-in."""
    with serving() as port:
        yield port


@pytest.fixture(scope="session")
def gateway(server_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnvoyProxy]:
    """A gateway with the settings of `iotflow up`, except for a smaller limit of bodies."""
    settings = EnvoyProxy(folder=tmp_path_factory.mktemp("gateway"), grpc_port=server_port, max_body_bytes=100_000)
    with open_gateway(settings) as listening:
        yield listening


@pytest.fixture(scope="session")
def rest(gateway: EnvoyProxy) -> Iterator[httpx.Client]:
    """A REST caller of that gateway."""
    with httpx.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as client:
        yield client


@pytest.fixture
def impatient(server_port: int, tmp_path: Path) -> Iterator[httpx.Client]:
    """A caller of a gateway with a short time limit of calls."""
    with open_gateway(EnvoyProxy(folder=tmp_path, grpc_port=server_port, unary_timeout="0.2s")) as listening:
        yield from _caller(listening)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[httpx.Client]:
    """A caller of a gateway without a server."""
    with open_gateway(EnvoyProxy(folder=tmp_path, grpc_port=free_port())) as listening:
        yield from _caller(listening)


def _caller(gateway: EnvoyProxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as client:
        yield client

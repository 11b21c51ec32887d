"""Simulators against real services."""

from collections.abc import Iterator

import pytest

from tests.integration.simulators.world import World
from tests.support.processes import free_port
from tests.support.service import iotflow_up


@pytest.fixture(scope="session", params=["embedded", "mosquitto"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The whole service with a broker."""
    folder, port = tmp_path_factory.mktemp("simulators"), free_port()
    options = ("--broker", request.param, "--mqtt-port", str(port))
    with iotflow_up(folder / "data", None, *options) as service:
        yield World(service, port, folder)

"""Simulators against real services."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.integration.simulators.world import BROKERS, World
from tests.support.processes import free_port
from tests.support.service import iotflow_up


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], World]]:
    """The whole service with a broker of this kind, which runs from its first use to the end."""
    with ExitStack() as ending:

        @cache
        def world(broker: str) -> World:
            folder, port = tmp_path_factory.mktemp("simulators"), free_port()
            options = ("--broker", broker, "--mqtt-port", str(port))
            return World(ending.enter_context(iotflow_up(folder / "data", None, *options)), port, folder)

        yield world


@pytest.fixture(params=BROKERS)
def world(worlds: Callable[[str], World], request: pytest.FixtureRequest) -> World:
    """The service with each broker."""
    return worlds(request.param)

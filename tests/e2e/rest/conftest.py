"""One service for all REST tests, and a new world for each test."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.rest.world import World, new_world
from tests.support.service import Service, iotflow_up


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with iotflow_up(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="session")
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.rest, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def tokens() -> dict[str, str]:
    return {}


@pytest.fixture
def world(service: Service, http: httpx.Client, tokens: dict[str, str]) -> World:
    return new_world(service, http, tokens)

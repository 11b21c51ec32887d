"""Redis for groups of workers."""

from collections.abc import Iterator

import pytest

from tests.support.redis_server import redis_server


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    """The URL of a Redis that no test stops."""
    with redis_server() as server:
        yield server.url

"""State shared by server processes, on a real Redis."""

from collections.abc import Iterator

import pytest

from tests.support.redis_server import RedisServer, redis_server


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """An empty Redis for the test."""
    with redis_server() as server:
        yield server

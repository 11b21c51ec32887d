"""Redis for groups of workers."""

from collections.abc import Iterator

import pytest

from tests.redis_server import redis_server


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    """The URL of one that nobody hurts."""
    with redis_server() as server:
        yield server.url

"""State shared by server processes, on a real Redis."""

from collections.abc import Iterator

import pytest

from tests.support.coroutines import pytest_pyfunc_call, runner
from tests.support.redis_server import RedisServer, redis_server

__all__ = ["pytest_pyfunc_call", "runner"]


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """An empty Redis for the test."""
    with redis_server() as server:
        yield server

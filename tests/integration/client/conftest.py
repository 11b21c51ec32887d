"""One event loop for all tests of a module."""

from collections.abc import AsyncIterator

import pytest


@pytest.fixture(scope="module")
async def loop_of_the_module() -> AsyncIterator[None]:
    """Keeps the loop open between tests: gRPC may report the end of a call that was cancelled after the test has ended."""
    yield  # noqa: PT022 - the end of the generator is the end of the loop

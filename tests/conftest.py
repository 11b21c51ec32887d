"""Settings of all tests."""

import gc
import os
import signal
from collections.abc import AsyncIterator, Generator, Iterator
from types import FrameType

import pytest
from hypothesis import settings

from iotflow_server.telemetry.stores.iotdb import IotdbAddress
from tests.support.iotdb import empty_database, running_iotdb
from tools.iotdb_server import IotdbServer

# The duration of an example depends on the machine. In CI the examples are fixed, so that the result of a change
# does not depend on chance.
settings.register_profile("elsewhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if "CI" in os.environ else "elsewhere")

# Services of tests run at the same time; those that need this port choose one.
os.environ.setdefault("IOTFLOW_GATEWAY_WEBSOCKET_PORT", "0")

# A shell ignores Ctrl-C in background jobs and their children; the programs under test must not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keeps Python's garbage collector from going through the modules and thousands of tests again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of coroutine tests and fixtures."""
    return "asyncio"


@pytest.fixture(scope="session")
def iotdb_running() -> Iterator[IotdbServer]:
    """The IoTDB of all tests. Each has a database of its own."""
    with running_iotdb() as server:
        yield server


@pytest.fixture
def iotdb(iotdb_running: IotdbServer) -> Iterator[IotdbServer]:
    """An IoTDB without readings of a service."""
    with empty_database(iotdb_running, IotdbAddress().database):
        yield iotdb_running


@pytest.fixture(scope="module")
async def loop_of_the_module() -> AsyncIterator[None]:
    """Keeps the loop open between tests: gRPC may report the end of a call that was cancelled after the test has ended."""
    yield  # noqa: PT022 - the end of the generator is the end of the loop


class TimedOut(BaseException):
    """A test exceeded its time limit."""


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer() -> Generator[None, object, object]:
    """Makes the plugin of anyio cancel a test that exceeds its limit; after pytest's own exception, async fixtures would
    wait for the test forever."""
    is_set = yield
    fail = signal.getsignal(signal.SIGALRM)

    def interrupt(number: int, frame: FrameType | None) -> None:
        assert callable(fail)
        try:
            fail(number, frame)
        except pytest.fail.Exception as failure:
            raise TimedOut(str(failure)) from None

    signal.signal(signal.SIGALRM, interrupt)
    return is_set

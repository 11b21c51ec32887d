"""The problem that the server reports of the MQTT adapters, from the times at which their streams begin and end."""

from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from iotflow_server.mqtt import adapters
from iotflow_server.mqtt.adapters import AdapterLinks, RejectionCounts

ADAPTER, GATEWAY = "token:gateway-token", "token:hall"


class Clock:
    """A clock in seconds that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(adapters, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


def lose_connection(links: AdapterLinks, times: int, caller: str = ADAPTER) -> None:
    for _ in range(times):
        with links.retaining(caller):
            pass


async def test_without_an_adapter_there_is_no_problem(clock: Clock) -> None:
    links = AdapterLinks()
    lose_connection(links, 4)
    clock.now += 1000.0
    assert await links.check() == ""


async def test_an_adapter_has_15_seconds_to_connect(clock: Clock) -> None:
    links = AdapterLinks()
    with links.watching(ADAPTER):
        clock.now += 15.0
        assert await links.check() == ""
        clock.now += 0.1
        assert "has no connection to its broker" in await links.check()
        with links.retaining(ADAPTER):
            assert await links.check() == ""


async def test_a_second_adapter_does_not_restart_the_wait_for_a_connection(clock: Clock) -> None:
    links = AdapterLinks()
    with links.watching(ADAPTER):
        clock.now += 10.0
        with links.watching(ADAPTER):
            clock.now += 10.0
            assert "has no connection to its broker" in await links.check()


async def test_an_adapter_that_lost_its_connection_has_15_seconds_again(clock: Clock) -> None:
    links = AdapterLinks()
    with links.watching(ADAPTER):
        clock.now += 100.0
        lose_connection(links, 1)
        clock.now += 15.0
        assert await links.check() == ""
        clock.now += 0.1
        assert "has no connection to its broker" in await links.check()


async def test_four_lost_connections_within_a_minute_are_a_problem(clock: Clock) -> None:
    links = AdapterLinks()
    with links.watching(ADAPTER):
        lose_connection(links, 3)
        assert await links.check() == ""
        lose_connection(links, 1)
        with links.retaining(ADAPTER):
            clock.now += 59.9
            assert "lost its broker 4 times within a minute" in await links.check()
            clock.now += 0.1
            assert await links.check() == ""


async def test_a_gateway_that_watches_configurations_is_no_adapter(clock: Clock) -> None:
    links = AdapterLinks()
    with links.watching(ADAPTER), links.retaining(GATEWAY):
        clock.now += 15.1
        assert "has no connection to its broker" in await links.check()
        with links.retaining(ADAPTER):
            lose_connection(links, 4, GATEWAY)
            assert await links.check() == ""


@pytest.mark.usefixtures("clock")
async def test_a_connection_that_ends_with_its_adapter_is_not_lost() -> None:
    links = AdapterLinks()
    for _ in range(4):
        with ExitStack() as streams:
            streams.enter_context(links.retaining(ADAPTER))
            streams.enter_context(links.watching(ADAPTER))
    with links.watching(ADAPTER), links.retaining(ADAPTER):
        assert await links.check() == ""


def test_rejections_with_more_than_100_reasons_are_counted_together() -> None:
    rejections = RejectionCounts()
    rejections.add({f"R{number}": 1 for number in range(100)})
    rejections.add({"R0": 2, "NEW": 3})
    rejections.add({"NEWER": 4})
    assert len(rejections.counts) == 101
    assert (rejections.counts["R0"], rejections.counts["OTHER"]) == (3, 7)

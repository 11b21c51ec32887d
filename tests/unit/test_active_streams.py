"""Streams are found by their caller while they are open. The scheduled end of a stream is cancelled with the stream."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from iotflow_server.devices.device import utc_now
from iotflow_server.errors import Unauthenticated
from iotflow_server.streams.active_streams import ActiveStreams

EXPIRED = Unauthenticated("EXPIRED", "expired")


@pytest.fixture
async def scheduled(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.TimerHandle]:
    """What the event loop is to call later."""
    loop, handles = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    call_later = loop.call_later

    def record(delay: float, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        handles.append(call_later(delay, callback, *args))
        return handles[-1]

    monkeypatch.setattr(loop, "call_later", record)
    return handles


def device(hours: float) -> Any:
    """A principal whose key is valid for so long."""
    return SimpleNamespace(key=object(), name="device", valid_until=utc_now() + timedelta(hours=hours))


async def test_a_closed_stream_leaves_no_scheduled_end(scheduled: list[asyncio.TimerHandle]) -> None:
    async with ActiveStreams().open(device(hours=1)):
        assert [one.cancelled() for one in scheduled] == [False]
    assert [one.cancelled() for one in scheduled] == [True]


async def test_a_stream_that_fails_leaves_no_scheduled_end(scheduled: list[asyncio.TimerHandle]) -> None:
    with pytest.raises(ZeroDivisionError):
        async with ActiveStreams().open(device(hours=1)):
            raise ZeroDivisionError
    assert [one.cancelled() for one in scheduled] == [True]


async def test_a_later_schedule_replaces_the_earlier_one(scheduled: list[asyncio.TimerHandle]) -> None:
    async with ActiveStreams().open(device(hours=1)) as stream:
        stream.schedule_end(utc_now() + timedelta(hours=2), EXPIRED)
        assert [one.cancelled() for one in scheduled] == [True, False]
        stream.schedule_end(None, EXPIRED)
        assert [one.cancelled() for one in scheduled] == [True, True]


async def test_a_stream_ends_when_the_key_of_its_caller_expires() -> None:
    async with asyncio.timeout(5), ActiveStreams().open(device(hours=-1)) as stream:
        assert (await stream.ended).reason == "WRONG_KEY"


async def test_streams_of_a_caller_are_found_until_they_close() -> None:
    streams = ActiveStreams()
    async with streams.open(device(hours=1)) as first:
        async with streams.open(device(hours=1)) as second:
            assert {*streams.of("device")} == {*streams} == {first, second}
            assert streams.of("another") == []
        assert streams.of("device") == [first]
    assert (streams.of("device"), len(streams)) == ([], 0)

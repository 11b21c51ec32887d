"""Reading telemetry: newest values, ranges, aggregates, columns, and readings as they are stored."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import grpc
import pytest

from iotflow.batches import encode_batch
from iotflow.errors import ServerError
from iotflow.reading import Latest, TelemetryReader, Time
from iotflow.v1.telemetry_service_pb2 import (
    DESCRIPTOR,
    AggregateTelemetryRequest,
    AggregateTelemetryResponse,
    GetLatestTelemetryRequest,
    GetLatestTelemetryResponse,
    GetTelemetryRangeRequest,
    GetTelemetryRangeResponse,
    ReadTelemetryRequest,
    ReadTelemetryResponse,
    SubscribeTelemetryRequest,
    SubscribeTelemetryResponse,
)
from tests.support.scripted_server import connected, key_of

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

T0 = 1_700_000_000_123
T0_TEXT = "2023-11-14T22:13:20.123+00:00"


class Telemetry:
    """Answers each call with the next answer: a message, or for a stream a list of them, with an error at its end if it fails.

    requests, keys: of the calls. cancelled: set when the client has ended a stream.
    """

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.requests: list[Any] = []
        self.keys: list[str] = []
        self.cancelled = asyncio.Event()

    async def call(self, request: Any, context: Any) -> Any:
        self._record(request, context)
        return self._answers.pop(0)

    async def stream(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self._record(request, context)
        for answer in self._answers.pop(0):
            if isinstance(answer, grpc.StatusCode):
                await context.abort(answer, "away")
            yield answer
        if not self._answers:
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()

    def _record(self, request: Any, context: Any) -> None:
        self.requests.append(request)
        self.keys.append(key_of(context))


async def test_newest_values_have_their_times() -> None:
    answer = GetLatestTelemetryResponse()
    answer.latest_data.update({"level": 2.5, "state": "open"})
    answer.timestamp.FromMilliseconds(T0)
    answer.latest_times["level"].FromMilliseconds(T0 - 1)
    answer.latest_times["state"].FromMilliseconds(T0)
    telemetry = Telemetry(answer, GetLatestTelemetryResponse())
    async with connected(DESCRIPTOR, {"GetLatestTelemetry": telemetry.call}) as connection:
        reader = TelemetryReader(connection)
        found = await reader.latest(7, ["level", "state"])
        assert found == Latest({"level": 2.5, "state": "open"}, T0, {"level": T0 - 1, "state": T0})
        assert await reader.latest(8) == Latest({}, None, {})
    assert telemetry.requests == [
        GetLatestTelemetryRequest(device_id=7, fields=["level", "state"]),
        GetLatestTelemetryRequest(device_id=8),
    ]
    assert telemetry.keys == ["key", "key"]


async def test_a_range_comes_in_pages() -> None:
    pages = GetTelemetryRangeResponse(next_page_token="next"), GetTelemetryRangeResponse()
    for page, levels in zip(pages, ([1, 2], [3]), strict=True):
        for level in levels:
            page.data.add().update({"timestamp": T0_TEXT, "level": level})
    telemetry = Telemetry(*pages)
    async with connected(DESCRIPTOR, {"GetTelemetryRange": telemetry.call}) as connection:
        found = TelemetryReader(connection).range(7, T0, "now", fields=["level"], page_size=2)
        assert [page async for page in found] == [
            [{"timestamp": T0_TEXT, "level": 1}, {"timestamp": T0_TEXT, "level": 2}],
            [{"timestamp": T0_TEXT, "level": 3}],
        ]
    asked: dict[str, Any] = {
        "device_id": 7,
        "start_time": T0_TEXT,
        "end_time": "now",
        "fields": ["level"],
        "page_size": 2,
    }
    assert telemetry.requests == [
        GetTelemetryRangeRequest(**asked),
        GetTelemetryRangeRequest(page_token="next", **asked),
    ]


async def test_a_range_without_options_leaves_them_to_the_server() -> None:
    telemetry = Telemetry(GetTelemetryRangeResponse())
    async with connected(DESCRIPTOR, {"GetTelemetryRange": telemetry.call}) as connection:
        assert [page async for page in TelemetryReader(connection).range(7, "-1h")] == [[]]
    assert telemetry.requests == [GetTelemetryRangeRequest(device_id=7, start_time="-1h")]


async def test_aggregates_are_those_of_the_server() -> None:
    answer = AggregateTelemetryResponse()
    for count in (1, 2):
        answer.data.add().update({"timestamp": T0_TEXT, "level": {"count": count}})
    telemetry = Telemetry(answer, AggregateTelemetryResponse())
    async with connected(DESCRIPTOR, {"AggregateTelemetry": telemetry.call}) as connection:
        reader = TelemetryReader(connection)
        options: dict[str, Any] = {"window": "1m", "aggregation": ["count"], "fields": ["level"], "fill": "previous"}
        assert await reader.aggregate(7, T0, T0 + 1_000, **options) == [
            {"timestamp": T0_TEXT, "level": {"count": 1}},
            {"timestamp": T0_TEXT, "level": {"count": 2}},
        ]
        assert await reader.aggregate(8) == []
    end = T0_TEXT.replace("20.123", "21.123")
    assert telemetry.requests == [
        AggregateTelemetryRequest(device_id=7, start_time=T0_TEXT, end_time=end, **options),
        AggregateTelemetryRequest(device_id=8, window="1h", aggregation=["avg"]),
    ]
    assert telemetry.keys == ["key", "key"]


def part(device_id: int, *levels: float, first: int = T0) -> Any:
    return encode_batch(range(first, first + len(levels)), {"level": levels}, device_id=device_id)


async def test_columns_have_the_readings_of_all_devices() -> None:
    parts = [ReadTelemetryResponse(batch=part(1, 1.5, 2.5)), ReadTelemetryResponse(batch=part(2, 3.5))]
    telemetry = Telemetry(parts, [], None)
    async with connected(DESCRIPTOR, {"ReadTelemetry": telemetry.stream}) as connection:
        reader = TelemetryReader(connection)
        columns = await reader.read([1, 2], T0, "now", fields=["level"], newest_first=True)
        assert columns.device_ids.tolist() == [1, 1, 2]
        assert columns.times.tolist() == [T0, T0 + 1, T0]
        assert columns.columns["level"].tolist() == [1.5, 2.5, 3.5]
        assert len(await reader.read()) == 0
    assert telemetry.requests == [
        ReadTelemetryRequest(
            device_ids=[1, 2], start_time=T0_TEXT, end_time="now", fields=["level"], newest_first=True
        ),
        ReadTelemetryRequest(),
    ]
    assert telemetry.keys == ["key", "key"]


async def test_parts_come_one_after_the_other_and_the_rest_is_not_read() -> None:
    telemetry = Telemetry([ReadTelemetryResponse(batch=part(1, 1.5)), ReadTelemetryResponse(batch=part(2, 2.5))])
    async with connected(DESCRIPTOR, {"ReadTelemetry": telemetry.stream}) as connection:
        parts = TelemetryReader(connection).read_parts([1], "-1h", fields=["level"])
        async with aclosing(parts):
            found = await anext(parts)
        assert (found.device_id, found.times.tolist(), found.columns["level"].tolist()) == (1, [T0], [1.5])
        await telemetry.cancelled.wait()
    assert telemetry.requests == [ReadTelemetryRequest(device_ids=[1], start_time="-1h", fields=["level"])]


async def test_newest_readings_may_come_first_in_parts() -> None:
    telemetry = Telemetry([], None)
    async with connected(DESCRIPTOR, {"ReadTelemetry": telemetry.stream}) as connection:
        assert [part async for part in TelemetryReader(connection).read_parts(newest_first=True)] == []
    assert telemetry.requests == [ReadTelemetryRequest(newest_first=True)]


async def test_columns_that_the_server_breaks_off_are_an_error() -> None:
    telemetry = Telemetry([ReadTelemetryResponse(batch=part(1, 1.5)), grpc.StatusCode.UNAVAILABLE])
    async with connected(DESCRIPTOR, {"ReadTelemetry": telemetry.stream}) as connection:
        with pytest.raises(ServerError, match="away"):
            await TelemetryReader(connection).read()


def stored(*levels: float, first: int = T0) -> SubscribeTelemetryResponse:
    return SubscribeTelemetryResponse(batch=part(1, *levels, first=first))


def heartbeat() -> SubscribeTelemetryResponse:
    response = SubscribeTelemetryResponse()
    response.heartbeat.timestamp.FromMilliseconds(T0)
    return response


def dropped(readings: int) -> SubscribeTelemetryResponse:
    response = SubscribeTelemetryResponse()
    response.dropped.readings = readings
    return response


async def levels_of(reader: TelemetryReader, count: int, **options: Any) -> list[list[float]]:
    """The levels of the first events."""
    found = list[list[float]]()
    async with aclosing(reader.subscribe(**options)) as parts:
        while len(found) < count:
            found.append((await anext(parts)).columns["level"].tolist())
    return found


@pytest.mark.usefixtures("short_pauses")
async def test_a_subscription_asks_for_columns_and_goes_on_from_the_newest_time() -> None:
    away = grpc.StatusCode.UNAVAILABLE
    telemetry = Telemetry(
        [heartbeat(), away],
        # A reading that comes late is older than the newest one.
        [heartbeat(), stored(1, 2, first=T0 - 1), stored(3, first=T0 - 60_000), away],
        [heartbeat(), away],
        [heartbeat(), stored(4, first=T0 + 1_000), away],
        [heartbeat(), stored(5)],
    )
    interruptions = list[str]()
    options: dict[str, Any] = {"device_ids": [1, 2], "device_types": ["pump"], "fields": ["level"]}
    async with connected(DESCRIPTOR, {"SubscribeTelemetry": telemetry.stream}) as connection:
        found = await levels_of(
            TelemetryReader(connection),
            4,
            since="-1h",
            on_interrupted=lambda error, _pause: interruptions.append(error.message),
            **options,
        )
        await telemetry.cancelled.wait()
    assert found == [[1, 2], [3], [4], [5]]
    assert interruptions == ["away"] * 4
    assert telemetry.keys == ["key"] * 5
    later = T0_TEXT.replace("20.123", "21.123")
    assert telemetry.requests == [
        SubscribeTelemetryRequest(columnar=True, since=since, **options)
        for since in ("-1h", "-1h", T0_TEXT, T0_TEXT, later)
    ]


@pytest.mark.usefixtures("short_pauses")
async def test_readings_before_1970_are_not_left_out_after_a_break() -> None:
    telemetry = Telemetry([stored(1, first=-2_000), grpc.StatusCode.UNAVAILABLE], [stored(2)])
    async with connected(DESCRIPTOR, {"SubscribeTelemetry": telemetry.stream}) as connection:
        assert await levels_of(TelemetryReader(connection), 2) == [[1], [2]]
    assert [request.since for request in telemetry.requests] == ["", "1969-12-31T23:59:58.000+00:00"]


async def test_a_subscription_can_begin_with_the_readings_since_a_time() -> None:
    telemetry = Telemetry([stored(1)])
    async with connected(DESCRIPTOR, {"SubscribeTelemetry": telemetry.stream}) as connection:
        await levels_of(TelemetryReader(connection), 1, since=0)
    assert telemetry.requests == [SubscribeTelemetryRequest(columnar=True, since="1970-01-01T00:00:00.000+00:00")]


@pytest.mark.usefixtures("short_pauses")
async def test_callers_learn_of_each_subscription_and_of_dropped_readings() -> None:
    telemetry = Telemetry(
        [heartbeat(), dropped(3), stored(1), grpc.StatusCode.UNAVAILABLE],
        [grpc.StatusCode.UNAVAILABLE],
        [heartbeat(), heartbeat(), dropped(5), stored(2)],
    )
    events = list[Any]()
    callbacks: dict[str, Callable[..., None]] = {
        "on_subscribed": lambda: events.append("subscribed"),
        "on_missed": events.append,
        "on_interrupted": lambda *_: events.append("interrupted"),
    }
    async with connected(DESCRIPTOR, {"SubscribeTelemetry": telemetry.stream}) as connection:
        assert await levels_of(TelemetryReader(connection), 2, **callbacks) == [[1], [2]]
    assert events == ["subscribed", 3, "interrupted", "interrupted", "subscribed", 5]


@pytest.mark.usefixtures("short_pauses")
async def test_a_subscription_needs_no_callbacks() -> None:
    telemetry = Telemetry([heartbeat(), dropped(3), grpc.StatusCode.UNAVAILABLE], [heartbeat(), stored(1)])
    async with connected(DESCRIPTOR, {"SubscribeTelemetry": telemetry.stream}) as connection:
        assert await levels_of(TelemetryReader(connection), 1) == [[1]]


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("-24h", "-24h"),
        (T0, T0_TEXT),
        (-1, "1969-12-31T23:59:59.999+00:00"),
        (datetime(2023, 11, 14, 22, 13, 20, 123_999), T0_TEXT),
        (datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC), T0_TEXT),
        (datetime(2023, 11, 15, 0, 13, 20, 123_000, timezone(timedelta(hours=2))), T0_TEXT),
    ],
)
async def test_times_are_texts_milliseconds_or_datetimes(time: Time, text: str) -> None:
    telemetry = Telemetry(AggregateTelemetryResponse())
    async with connected(DESCRIPTOR, {"AggregateTelemetry": telemetry.call}) as connection:
        await TelemetryReader(connection).aggregate(7, time)
    assert telemetry.requests[0].start_time == text

"""Streams as server-sent events."""

import json

import httpx

from tests.e2e.gateway.standin import PATIENCE, SUBSCRIBED, UNSUBSCRIBED

STREAM = "/api/v1/telemetry/stream"


def test_events_are_framed_for_browsers(rest: httpx.Client) -> None:
    answer = rest.get(STREAM, params={"fields": "once"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    events = answer.text.removesuffix("\n\n").split("\n\n")
    assert [json.loads(event.removeprefix("data: ")) for event in events] == [
        {"dropped": {"readings": 0}},
        {"dropped": {"readings": 1}},
    ]


def test_a_disconnected_reader_ends_the_call(rest: httpx.Client) -> None:
    SUBSCRIBED.clear()
    UNSUBSCRIBED.clear()
    with rest.stream("GET", STREAM) as answer:
        lines = answer.iter_lines()
        assert next(lines) == 'data: {"dropped":{"readings":0}}'
        assert SUBSCRIBED.wait(PATIENCE)
        assert not UNSUBSCRIBED.is_set()
    assert UNSUBSCRIBED.wait(PATIENCE)


def test_a_stream_may_exceed_the_time_limit_of_calls(impatient: httpx.Client) -> None:
    with impatient.stream("GET", STREAM) as stream:
        lines = stream.iter_lines()
        assert next(lines)
        # Called after the start of the stream, and ended by the time limit, which does not apply to the stream.
        assert impatient.get("/api/v1/telemetry/404").status_code == 504
        assert impatient.get("/api/v1/telemetry/404").status_code == 504
        assert [next(lines) for _ in range(2)][-1] == 'data: {"dropped":{"readings":1}}'

"""Bounds of WebSocket connections: one that exceeds them is closed, and costs others nothing."""

import time
from collections.abc import Callable

from tests.e2e.websocket.fleet import Device, Fleet
from tests.support.json_websocket import JsonClient, logged_in

LARGEST = 4 * 2**20
# More than the buffers between the server and a client hold.
REPLAYED, TEXT = 3_000, "x" * 10_000
PATIENCE = 60.0


def test_an_oversized_message(client: JsonClient) -> None:
    client.send(" " * LARGEST)
    assert client.receive()["reason"] == "BAD_JSON"
    client.send(" " * (LARGEST + 1))
    assert client.wait_for_end()[0] == 1009


def test_a_client_that_reads_nothing(fleet: Fleet, device: Device) -> None:
    """It is cut off while another connection is served."""
    with logged_in(fleet.rest, device.headers) as sender:
        for first in range(0, REPLAYED, 300):
            readings = [
                {"data": {"text": TEXT}, "timestamp": 1_767_225_600_000 + number}
                for number in range(first, first + 300)
            ]
            assert sender.ask({"type": "readings", "readings": readings})["accepted"] == 300
        with logged_in(fleet.rest, device.headers) as reader:
            reader.send({"type": "subscribe", "id": 1, "since": "2026-01-01T00:00:00Z"})
            until(lambda: fleet.connections() == 1)
            # What was on the way, without a close frame behind it.
            assert reader.wait_for_end() == (None, "")
        assert sender.ask({"type": "readings", "readings": [{"value": 1}]})["accepted"] == 1
    assert fleet.stored(device, "value") == [1]


def until(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds; metrics are not published."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)

"""Receives readings as server-sent events while they are stored."""

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

URL = os.environ.get("IOTFLOW_URL", "http://localhost:5000")


def post(path: str, body: object, key: str = "") -> Any:
    """The answer to a JSON request; urllib raises HTTPError for a rejection."""
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), {"x-api-key": key} if key else {})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def events(path: str, key: str) -> Iterator[dict[str, Any]]:
    """The events of a stream; each is one line that begins with `data: `."""
    request = urllib.request.Request(URL + path, headers={"x-api-key": key})
    with urllib.request.urlopen(request, timeout=30) as stream:
        for line in stream:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


def main() -> None:
    device = post("/api/v1/devices/register", {"name": f"live {time.time()}"})["device"]
    key = device["api_key"]
    for event in events(f"/api/v1/telemetry/stream?device_ids={device['id']}", key):
        # The first event is a heartbeat: from here on every stored reading arrives.
        if "heartbeat" in event:
            post("/api/v1/devices/telemetry", {"data": {"temperature": 21.5}}, key)
        elif "dropped" in event:
            print("too slow; query the readings that are missing")
        elif "telemetry" in event:
            print("received", event["telemetry"]["data"][0]["temperature"])
            return


if __name__ == "__main__":
    main()

"""Exports readings as Parquet, and loads them into pandas."""

import io
import json
import os
import time
import urllib.request
from typing import Any

import pandas as pd

URL = os.environ.get("IOTFLOW_URL", "http://localhost:5000")


def call(path: str, body: object = None, key: str = "") -> bytes:
    """The body of an answer; a transfer that breaks off raises IncompleteRead."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {"x-api-key": key} if key else {})
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def main() -> None:
    device: dict[str, Any] = json.loads(call("/api/v1/devices/register", {"name": f"meter {time.time()}"}))["device"]
    now = int(time.time()) * 1_000
    readings = [{"timestamp": now - 60_000 * minute, "data": {"power": 100.0 + minute}} for minute in range(120)]
    call("/api/v1/devices/telemetry/batch", {"readings": readings}, device["api_key"])

    query = f"/api/v1/telemetry/export?format=parquet&device_ids={device['id']}&fields=power&start_time=-3h"
    frame = pd.read_parquet(io.BytesIO(call(query, key=device["api_key"]))).set_index("timestamp")
    print(f"{len(frame)} rows, mean {frame['power'].mean():.1f}")


if __name__ == "__main__":
    main()

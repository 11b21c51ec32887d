"""The lists and the dashboard of a fleet of a million devices."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from iotflow.v1.fleet_service_pb2 import GetDashboardRequest, GetStatsRequest, ListDevicesRequest
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from iotflow.v1.legacy_service_pb2 import ListDeviceStatusesRequest
from iotflow.v1.legacy_service_pb2_grpc import LegacyServiceStub
from iotflow_server.rpc.codec.page_tokens import token_of
from tests.bench.large_registry import make_registry
from tests.bench.server import Server, bench_server
from tests.bench.table import Figure, Line

DEVICES = 1_000_000
CALLS = 100
LIST_MS, DASHBOARD_MS = 50, 200
READY_SECONDS = 120.0

# {number}: of the call, because the server keeps the results of its last searches for names.
FILTERS: dict[str, dict[str, Any]] = {
    "no filter": {},
    "status of most": {"status": "active"},
    "status of few": {"status": "error"},
    "status of none": {"status": "maintenance"},
    "type": {"device_type": "sensor-7"},
    "unknown type": {"device_type": "other"},
    "name of many": {"name": "ICE-0{number}"},
    "name of some": {"name": "{number}9"},
    "name of one": {"name": "-09{number}999"},
    "name of none": {"name": "z{number}"},
    "online": {"online": True},
    "offline": {"online": False},
    "all filters": {"status": "active", "device_type": "sensor-0", "name": "{number}", "online": True},
}
# The first page, one in the middle and the last one.
AFTER = {"first": 0, "middle": DEVICES // 2, "last": DEVICES - 50}


def measure(folder: Path) -> Iterator[Line]:
    """Pages of every filter, the older list at any offset, and the dashboard; one call at a time."""
    data = folder / "fleet"
    make_registry(data, DEVICES)
    with bench_server(data) as server, grpc.insecure_channel(server.address) as channel:
        _wait_until_indexed(channel, server)
        yield from _lists(channel, server)
        yield from _counts(channel, server)


def _lists(channel: grpc.Channel, server: Server) -> Iterator[Line]:
    list_devices = partial(FleetServiceStub(channel).ListDevices, metadata=server.admin())
    for size in (100, 1_000):
        calls = {
            f"{name}, {place} page": partial(
                _listed, list_devices, {**wanted, "page_size": size, "page_token": token_of(after) if after else ""}
            )
            for (name, wanted), (place, after) in product(FILTERS.items(), AFTER.items())
        }
        yield _slowest(f"ListDevices of {DEVICES:,}, pages of {size:,}: slowest of {len(calls)} kinds", calls, LIST_MS)
    statuses = partial(LegacyServiceStub(channel).ListDeviceStatuses, metadata=server.admin())
    older = {
        f"offset {offset:,}": partial(
            _unnumbered, partial(statuses, ListDeviceStatusesRequest(limit=100, offset=offset))
        )
        for offset in (0, DEVICES // 2, DEVICES - 100)
    }
    yield _slowest(f"Older list of {DEVICES:,}, pages of 100: slowest of {len(older)} offsets", older, LIST_MS)


def _listed(list_devices: Callable[[ListDevicesRequest], Any], wanted: dict[str, Any], number: int) -> None:
    name = wanted.get("name", "").format(number=number % 10)
    list_devices(ListDevicesRequest(**wanted | {"name": name}))


def _unnumbered(call: Callable[[], Any], _number: int) -> None:
    call()


def _counts(channel: grpc.Channel, server: Server) -> Iterator[Line]:
    stub = FleetServiceStub(channel)
    calls: dict[str, Callable[[int], None]] = {
        "GetDashboard": partial(
            _unnumbered, partial(stub.GetDashboard, GetDashboardRequest(), metadata=server.admin())
        ),
        "GetStats": partial(_unnumbered, partial(stub.GetStats, GetStatsRequest(), metadata=server.admin())),
    }
    yield _slowest(f"Dashboard and statistics of {DEVICES:,}", calls, DASHBOARD_MS)


def _slowest(what: str, calls: Mapping[str, Callable[[int], None]], target: float) -> Line:
    """The kind of call with the largest 99th percentile."""
    waits = {
        name: np.array([_seconds(partial(call, number)) for number in range(CALLS)]) * 1_000
        for name, call in calls.items()
    }
    name = max(waits, key=lambda one: float(np.percentile(waits[one], 99)))
    p99, median = float(np.percentile(waits[name], 99)), float(np.percentile(np.concatenate([*waits.values()]), 50))
    figure = Figure(p99, "ms", "p99", f"{name}; p50 of all {median:.1f} ms")
    return Line(what, figure, None, p99, target, " ms", at_most=True)


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _wait_until_indexed(channel: grpc.Channel, server: Server) -> None:
    """Wait until the server has read the fleet after its start: a search by name is then quick."""
    request = ListDevicesRequest(name="zz", page_size=1)
    call = partial(FleetServiceStub(channel).ListDevices, request, metadata=server.admin(), timeout=30)
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with suppress(grpc.RpcError):
            if max(_seconds(call) for _ in range(3)) * 1_000 < DASHBOARD_MS:
                return

"""An export of millions of points takes no more memory than a small one, in the server and in the gateway."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from iotflow_server.telemetry.export import FORMATS
from tests.support.memory import forget_peak, peak, processes
from tests.support.service import Service, iotflow_up

START = 1_767_225_600_000
ROWS, COLUMNS, FEW = 800_000, 5, 100_000
# Less than half of any of the files.
BOUND = 16 * 2**20
WARM = 3


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with iotflow_up(tmp_path_factory.mktemp("large")) as running:
        fill(running)
        yield running


def fill(service: Service) -> None:
    """One device with ROWS readings of COLUMNS numbers: one is sent, the others are inserted into the database."""
    with httpx.Client(base_url=service.rest, trust_env=False, timeout=30) as http:
        made = http.post("/api/v1/devices/register", json={"name": ("a long name " * 8).strip()}).json()
        reading = {"data": {f"m{n}": 0.5 for n in range(COLUMNS)}, "timestamp": str(START)}
        key = {"x-api-key": made["device"]["api_key"]}
        assert http.post("/api/v1/devices/telemetry", json=reading, headers=key).status_code == 201
    connection = sqlite3.connect(service.data_dir / "telemetry.db", timeout=30)
    connection.execute(
        "INSERT INTO reading WITH RECURSIVE row(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < ?)"
        " SELECT series.id, ? + n, random() / 1e15 FROM series, row ORDER BY series.id, n",
        (ROWS - 1, START),
    )
    connection.commit()
    connection.close()


def export(service: Service, format_: str, rows: int) -> int:
    """Export the first rows; the size in bytes."""
    params = {"format": format_, "start_time": str(START), "end_time": str(START + rows)}
    url = f"{service.rest}/api/v1/telemetry/export"
    with httpx.stream("GET", url, params=params, trust_env=False, timeout=60) as answer:
        assert answer.status_code == 200
        return sum(map(len, answer.iter_raw(2**20)))


@pytest.mark.parametrize("format_", FORMATS)
def test_memory_does_not_grow_with_the_file(service: Service, format_: str) -> None:
    pids = list(processes(service.process.pid))
    for pid in pids:
        forget_peak(pid)
    # Several exports: the allocator keeps memory up to a bound that one small export does not reach.
    small = [export(service, format_, FEW) for _ in range(WARM)][-1]
    before = {pid: peak(pid) for pid in pids}
    large = export(service, format_, ROWS)
    assert large > 2 * BOUND
    assert large > small * ROWS / FEW * 0.7
    grown = {Path(f"/proc/{pid}/comm").read_text().strip(): peak(pid) - before[pid] for pid in pids}
    assert all(growth < BOUND for growth in grown.values()), grown

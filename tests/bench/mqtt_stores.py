"""The store of an MQTT measurement: a new one, whose readings are counted in the store itself."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import raw
from tests.support.iotdb import LONG_RUN, running_iotdb

SQLITE, IOTDB = "SQLite", "IoTDB with the journal"
# A measurement that every reading has once.
COUNTED = "temperature"
IN_SQLITE = f"SELECT count(*) FROM reading WHERE series IN (SELECT id FROM series WHERE measurement = '{COUNTED}')"
IN_IOTDB = f"SELECT count({COUNTED}) FROM root.iotflow.devices.* GROUP BY LEVEL = 1"


@dataclass(frozen=True, slots=True)
class BenchStore:
    """setting: the value of `IOTFLOW_TELEMETRY`. stored: counts the readings, given the server's folder. pids: of the store's
    processes, if there are any."""

    setting: str
    stored: Callable[[Path], int]
    pids: Sequence[int] = ()


@contextmanager
def sqlite() -> Iterator[BenchStore]:
    """SQLite in the server's folder."""
    yield BenchStore("sqlite", _in_sqlite)


@contextmanager
def iotdb() -> Iterator[BenchStore]:
    """An IoTDB server, behind the journal."""
    with running_iotdb(java=LONG_RUN) as server, raw.session(server.port) as session:
        url = f"iotdb://root:root@127.0.0.1:{server.port}"
        yield BenchStore(url, lambda _: _in_iotdb(session), server.pids)


STORES: dict[str, Callable[[], AbstractContextManager[BenchStore]]] = {
    SQLITE: sqlite,
    IOTDB: iotdb,
}


def _in_sqlite(folder: Path) -> int:
    with closing(sqlite3.connect(f"file:{folder}/telemetry.db?mode=ro", uri=True)) as database:
        found: int = database.execute(IN_SQLITE).fetchone()[0]
        return found


def _in_iotdb(session: Any) -> int:
    with session.execute_query_statement(IN_IOTDB) as answer:
        return int(answer.todf().to_numpy().sum())

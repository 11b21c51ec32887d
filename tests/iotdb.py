"""A private IoTDB for tests: real, one for the whole run, a new database for each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from iotflow_server.telemetry.stores.iotdb import IotdbAddress
from iotflow_server.telemetry.stores.iotdb.session import Session
from tools.iotdb_server import IotdbServer

_numbers = count(1)


@contextmanager
def empty_database(server: IotdbServer) -> Iterator[IotdbAddress]:
    """A database of its own, gone afterwards."""
    address = IotdbAddress([f"127.0.0.1:{server.port}"], database=f"root.test_{next(_numbers)}")
    yield address
    session = Session(address.nodes[0], address, connect_seconds=5, request_seconds=30)
    session.execute(f"DELETE DATABASE {address.database}")
    session.close()

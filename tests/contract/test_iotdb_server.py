"""The IoTDB server that `make iotdb` and the tests run: reachable from this machine only, with a generated password."""

import os
import socket
import stat
from pathlib import Path

import pytest

from iotflow_server.telemetry.stores.iotdb.session import IotdbAddress, IotdbSession, StatementFailed
from tests.support.namespaces import HERE, neighbour
from tools.iotdb_password import DEFAULT, USER, replace_password
from tools.iotdb_server import IotdbServer
from tools.ports import beyond_loopback


def takes_connections(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((address, port)) == 0


def test_only_the_loopback_address_takes_connections(iotdb_running: IotdbServer) -> None:
    assert takes_connections("127.0.0.1", iotdb_running.port)
    assert beyond_loopback(iotdb_running.pids) == []
    for port in iotdb_running.ports:
        assert not takes_connections("127.0.0.2", port)


def test_another_machine_of_the_network_is_refused(iotdb_running: IotdbServer) -> None:
    with neighbour() as other:
        if other is None:
            pytest.skip("making a network namespace takes root")
        with socket.create_server((HERE, 0)) as open_to_all:
            assert other.reaches(open_to_all.getsockname()[1])
        assert not [port for port in iotdb_running.ports if other.reaches(port)]


def test_listening_on_every_interface_is_found_out() -> None:
    with socket.create_server(("0.0.0.0", 0)) as v4, socket.create_server(("::", 0), family=socket.AF_INET6) as v6:  # noqa: S104
        found = beyond_loopback([os.getpid()])
        assert f"0.0.0.0:{v4.getsockname()[1]}" in found
        assert f":::{v6.getsockname()[1]}" in found


def logs_in(port: int, password: str) -> bool:
    address = IotdbAddress([f"127.0.0.1:{port}"], USER, password)
    try:
        IotdbSession(address.nodes[0], address, connect_seconds=5, request_seconds=30).close()
    except StatementFailed:
        return False
    return True


def test_its_password_is_its_own_and_in_a_file_of_its_owner(iotdb_running: IotdbServer, tmp_path: Path) -> None:
    file = tmp_path / "password"
    try:
        replace_password(file, iotdb_running.port)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not logs_in(iotdb_running.port, DEFAULT)
        assert logs_in(iotdb_running.port, file.read_text().strip())
        # The password is kept after a restart.
        before = file.read_text()
        replace_password(file, iotdb_running.port)
        assert file.read_text() == before
    finally:
        # Restores the login for the other tests and for the removal of the database.
        give_back(iotdb_running.port, file.read_text().strip())


def give_back(port: int, password: str) -> None:
    address = IotdbAddress([f"127.0.0.1:{port}"], USER, password)
    session = IotdbSession(address.nodes[0], address, connect_seconds=5, request_seconds=30)
    session.execute(f"ALTER USER {USER} SET PASSWORD '{DEFAULT}'")
    session.close()

"""The checks of `iotflow up` before it starts a process."""

import os
import socket
from pathlib import Path

import pytest

from iotflow_cli.console import UsageError
from iotflow_cli.ports import check_free
from iotflow_cli.up import reserved_for_run
from tests.support.processes import free_port


def test_the_error_of_a_port_in_use_names_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(UsageError) as refused:
            check_free("127.0.0.1", port, "--rest-port")
    assert str(refused.value) == (
        f"Port {port} on 127.0.0.1 is taken by another program. "
        f"Stop that program, or choose another port: --rest-port {port + 1}"
    )


def test_a_free_port_is_accepted() -> None:
    check_free("127.0.0.1", free_port(), "--rest-port")


def test_a_data_folder_is_for_one_run_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with reserved_for_run(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        with (
            pytest.raises(UsageError, match=f"is in use by another `iotflow up` .process {os.getpid()} on"),
            reserved_for_run(folder),
        ):
            pass
    with reserved_for_run(folder):
        pass


def test_the_error_of_an_unusable_data_folder_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="Not a directory"), reserved_for_run(tmp_path / "file" / "data"):
        pass

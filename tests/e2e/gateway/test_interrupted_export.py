"""An export that fails midway through the real gateway and server: curl detects that the file is incomplete."""

import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import grpc
import httpx
import numpy as np
import pytest

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import ExportTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_cli.envoy.proxy import EnvoyProxy
from iotflow_server.telemetry.export import FORMATS
from tests.e2e.gateway.conftest import open_gateway
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import T0, reason, stream
from tests.support.processes import PATIENCE, Running, serving_port
from tests.support.server_process import server
from tests.support.service import iotflow_up

# More than all buffers between the server and a client that does not read.
ROWS, COLUMNS, TOGETHER = 300_000, 5, 50_000
PARTIAL_FILE, HTTP2_STREAM = 18, 92
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a stopped server with one device, which has ROWS readings of random digits."""
    folder = tmp_path_factory.mktemp("filled")
    random = np.random.default_rng(1)
    with server(folder) as (process, channel):
        device = register(DeviceServiceStub(channel), "long")
        batches = []
        for first in range(0, ROWS, TOGETHER):
            batch = TelemetryBatch(sequence=first + 1, timestamps=(T0 + np.arange(first, first + TOGETHER)).tolist())
            for number in range(COLUMNS):
                batch.columns.add(measurement=f"m{number}", doubles=random.random(TOGETHER))
            batches.append(batch)
        stream(TelemetryServiceStub(channel), device, batches)
        assert process.terminate() == 0
    return folder


@dataclass(frozen=True, slots=True)
class Serving:
    """A server and its gateway."""

    address: str
    folder: Path
    process: Running

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The response to a call of an admin."""
        url, headers = f"{self.address}/api/v1/admin/{path}", bearer((self.folder / "admin-token").read_text().strip())
        answer = httpx.request(method, url, headers=headers, json=body, trust_env=False, timeout=PATIENCE)
        assert answer.is_success, answer.text
        return answer.json()

    def viewer(self) -> tuple[str, int]:
        """The secret and the id of a new token."""
        made = self.ask("POST", "tokens", {"name": f"reader {next(_numbers)}", "role": "viewer"})
        return made["secret"], made["token"]["id"]


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


@contextmanager
def serving(folder: Path) -> Iterator[Serving]:
    with (
        server(folder) as (process, _),
        open_gateway(EnvoyProxy(folder=folder / "gateway", grpc_port=serving_port(process))) as gateway,
    ):
        yield Serving(gateway.address, folder, process)


@pytest.fixture(scope="module")
def lasting(filled: Path) -> Iterator[Serving]:
    """A service for all tests that do not change it."""
    with serving(filled) as at:
        yield at


@pytest.fixture
def fleeting(filled: Path, tmp_path: Path) -> Iterator[Serving]:
    """A service for a single test."""
    with serving(shutil.copytree(filled, tmp_path / "data")) as at:
        yield at


@contextmanager
def begun(address: str, format_: str, secret: str = "", *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A running curl with an export, which blocks when the pipe is full."""
    url = f"{address}/api/v1/telemetry/export?format={format_}"
    credential = [f"-Hauthorization: Bearer {secret}"] if secret else []
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", "60", *credential, *options, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as curl:
        try:
            assert len(file(curl).read(100_000)) == 100_000
            yield curl
        finally:
            curl.kill()


def file(curl: "subprocess.Popen[bytes]") -> IO[bytes]:
    """The file that curl writes."""
    assert curl.stdout
    return curl.stdout


def how_it_ends(curl: "subprocess.Popen[bytes]") -> int:
    """The exit code of curl, after all its output is read."""
    while file(curl).read(2**20):
        pass
    return curl.wait(PATIENCE)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_revoked_token_aborts_the_transfer(lasting: Serving, format_: str) -> None:
    secret, number = lasting.viewer()
    with begun(lasting.address, format_, secret) as curl:
        lasting.ask("DELETE", f"tokens/{number}")
        assert how_it_ends(curl) == PARTIAL_FILE


def test_a_revoked_token_aborts_the_transfer_over_http2(lasting: Serving) -> None:
    secret, number = lasting.viewer()
    with begun(lasting.address, "csv", secret, "--http2-prior-knowledge") as curl:
        lasting.ask("DELETE", f"tokens/{number}")
        assert how_it_ends(curl) == HTTP2_STREAM


def test_a_grpc_caller_gets_the_status_through_the_gateway(lasting: Serving) -> None:
    secret, number = lasting.viewer()
    with grpc.insecure_channel(lasting.address.removeprefix("http://")) as channel:
        metadata = tuple(bearer(secret).items())
        call = TelemetryServiceStub(channel).ExportTelemetry(ExportTelemetryRequest(), metadata=metadata, timeout=60)
        assert next(call).data
        lasting.ask("DELETE", f"tokens/{number}")
        with pytest.raises(grpc.RpcError) as caught:
            list(call)
        assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.UNAUTHENTICATED, "WRONG_TOKEN")


def test_a_complete_file_ends_without_an_error(lasting: Serving) -> None:
    secret, _ = lasting.viewer()
    with begun(lasting.address, "csv", secret) as curl:
        lines = 0
        while piece := file(curl).read(2**20):
            lines += piece.count(b"\n")
        assert curl.wait(PATIENCE) == 0
        assert lines > ROWS * 0.9


def stop(at: Serving) -> None:
    at.process.signal(signal.SIGTERM)


def kill(at: Serving) -> None:
    at.process.signal(signal.SIGKILL)


def destroy_the_database(at: Serving) -> None:
    os.truncate(at.folder / "telemetry.db", 0)


@pytest.mark.parametrize("fail", [stop, kill, destroy_the_database])
def test_a_fault_of_the_server_aborts_the_transfer(fleeting: Serving, fail: Callable[[Serving], None]) -> None:
    secret, _ = fleeting.viewer()
    with begun(fleeting.address, "csv", secret) as curl:
        fail(fleeting)
        assert how_it_ends(curl) == PARTIAL_FILE


def test_a_stop_of_the_service_aborts_the_transfer(filled: Path, tmp_path: Path) -> None:
    with iotflow_up(shutil.copytree(filled, tmp_path / "data")) as service, begun(service.rest, "csv") as curl:
        service.process.signal(signal.SIGTERM)
        # The output is not read, so that the transfer cannot complete while the service stops.
        service.process.exit_code()
        assert how_it_ends(curl) == PARTIAL_FILE

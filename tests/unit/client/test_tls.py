"""Connections with TLS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from grpc import StatusCode

from clients.conformance.certificates import Certificates
from iotflow.connection import Connection, Tls
from iotflow.errors import ServerError
from iotflow.v1.device_service_pb2 import SendHeartbeatRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

PATIENCE = 5.0


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@asynccontextmanager
async def server(
    certificates: Certificates, kind: str = "good", *, port: int = 0, wants_client: bool = False
) -> AsyncIterator[int]:
    """The port of a server without any method."""
    path = certificates.certificate(kind)
    pair = path.with_suffix(".key").read_bytes(), path.read_bytes()
    authority = certificates.authority().read_bytes() if wants_client else None
    running = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    credentials = grpc.ssl_server_credentials([pair], authority, wants_client)
    port = running.add_secure_port(f"127.0.0.1:{port}", credentials)
    await running.start()
    try:
        async with asyncio.timeout(PATIENCE):
            yield port
    finally:
        await running.stop(None)


async def reached(connection: Connection) -> None:
    """Make a call. The server without any method answers it."""
    with pytest.raises(ServerError) as answered:
        async with connection.call() as channel:
            await DeviceServiceStub(channel).SendHeartbeat(SendHeartbeatRequest())
    assert answered.value.code is StatusCode.UNIMPLEMENTED


async def test_a_server_has_a_certificate_of_the_given_authority(certificates: Certificates) -> None:
    async with server(certificates) as port:
        async with Connection(f"127.0.0.1:{port}", tls=Tls(ca=certificates.authority())) as connection:
            await reached(connection)
        async with Connection(f"127.0.0.1:{port}", tls=Tls(ca=str(certificates.authority("stranger")))) as connection:
            with pytest.raises(ServerError, match="CERTIFICATE_VERIFY_FAILED"):
                await connection.ready()


async def test_the_authorities_of_the_system_are_the_default(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority()))
    async with server(certificates) as port, Connection(f"127.0.0.1:{port}", tls=Tls()) as connection:
        await reached(connection)


async def test_a_client_shows_its_certificate_to_a_server_that_wants_one(certificates: Certificates) -> None:
    client = certificates.certificate("client")
    tls = Tls(ca=certificates.authority(), certificate=client, key=client.with_suffix(".key"))
    async with (
        server(certificates, wants_client=True) as port,
        Connection(f"127.0.0.1:{port}", tls=tls) as connection,
    ):
        await reached(connection)


async def test_files_are_read_again_for_each_connection(certificates: Certificates, tmp_path: Path) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_bytes(certificates.authority().read_bytes())
    async with server(certificates) as port:
        connection = Connection(f"127.0.0.1:{port}", tls=Tls(ca=authority))
        channel = await connection.ready()
        assert await connection.ready() is channel
    authority.write_bytes(certificates.authority("stranger").read_bytes())
    async with server(certificates, "other_authority", port=port), connection:
        # The channel notices the end of its connection a moment later.
        while channel.get_state() is grpc.ChannelConnectivity.READY:
            await channel.wait_for_state_change(grpc.ChannelConnectivity.READY)
        await reached(connection)

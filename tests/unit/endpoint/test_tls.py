"""TLS at the endpoint: what is negotiated, what clients may show, and files that change."""

import asyncio
import shutil
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import pytest
import structlog

from iotflow.v1.mqtt_pb2 import MqttAccount
from iotflow.v1.mqtt_service_pb2 import (
    FindAccountRequest,
    FindAccountResponse,
    FindAccountsRequest,
    FindAccountsResponse,
)
from iotflow_gateway.endpoint import Certificates, TlsFiles, WrongCertificate
from iotflow_gateway.endpoint import connection as connection_module
from iotflow_gateway.endpoint import endpoint as endpoint_module
from iotflow_gateway.endpoint.transports.handshakes import Handshakes
from iotflow_gateway.mqtt import (
    Connack,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    ReasonCode,
    Subscribe,
    Subscription,
    Version,
    Will,
)
from tests.support import raw_mqtt as raw
from tests.support.certificates import authority, certificate, revocation_list
from tests.support.mqtt_endpoint import PATIENCE, Client, RunningEndpoint, connect, running_endpoint

V5 = Version.V5
ACCEPTED, REJECTED = ReasonCode.SUCCESS, ReasonCode.NOT_AUTHORIZED


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities; certificates of the endpoint, of devices, and of a device of another authority."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("ca", "other"):
        authority(folder, name)
    for name, common_name, signer in (
        ("server", "127.0.0.1", "ca"),
        ("renewed", "127.0.0.1", "ca"),
        ("lamp", "lamp", "ca"),
        ("pump", "pump", "ca"),
        ("stranger", "lamp", "other"),
    ):
        certificate(folder, name, common_name, signer)
    return folder


def files(folder: Path, client_ca: Path | None = None) -> TlsFiles:
    return TlsFiles(folder / "server.crt", folder / "server.key", client_ca)


def trusting(folder: Path, shown: str = "") -> ssl.SSLContext:
    """The TLS of a client. shown: its certificate; empty: none."""
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    if shown:
        context.load_cert_chain(folder / f"{shown}.crt", folder / f"{shown}.key")
    return context


class Registry:
    """A channel to a server with the device `lamp`, which is active, and `pump`, which is not. Each has its name as key."""

    def __init__(self) -> None:
        self.states = {"lamp": "active", "pump": "inactive"}

    def unary_unary(self, *_: object, **__: object) -> Callable[..., Awaitable[object]]:
        """A method of the server."""
        return self._answer

    unary_stream = stream_stream = unary_unary

    async def _answer(self, request: FindAccountRequest | FindAccountsRequest, **_: object) -> object:
        if isinstance(request, FindAccountsRequest):
            return FindAccountsResponse(accounts=map(self._found, request.api_keys))
        if request.username not in self.states:
            missing = grpc.StatusCode.NOT_FOUND
            raise grpc.aio.AioRpcError(missing, grpc.aio.Metadata(), grpc.aio.Metadata(), "no device")
        return self._found(request.username)

    def _found(self, name: str) -> FindAccountResponse:
        if name not in self.states:
            return FindAccountResponse()
        number = 1 + list(self.states).index(name)
        return FindAccountResponse(account=MqttAccount(device_id=number, name=name, status=self.states[name]))


async def test_messages_of_any_size_are_acknowledged(folder: Path) -> None:
    """Also several in one TLS record, and one in many."""
    payloads = [b"x", b"y" * 2**20, b"z" * 100]
    async with (
        running_endpoint(certificates=Certificates(files(folder))) as one,
        one.client(V5, tls=trusting(folder)) as client,
    ):
        client.send(*[Publish("t", payload, 1, number) for number, payload in enumerate(payloads, 1)])
        messages = [await one.next() for _ in payloads]
        assert [message.payload for message in messages] == payloads
        for message in messages:
            one.endpoint.finish(message)
        assert [await client.receive() for _ in payloads] == [Puback(1), Puback(2), Puback(3)]


async def test_a_large_message_reaches_a_subscriber(folder: Path) -> None:
    async with (
        running_endpoint(certificates=Certificates(files(folder))) as one,
        one.client(V5, tls=trusting(folder)) as client,
    ):
        await client.ask(Subscribe(1, [Subscription("t", 1)]))
        assert one.endpoint.publish("t", b"x" * 1_000_000)
        received = await client.receive()
        assert isinstance(received, Publish)
        assert received.payload == b"x" * 1_000_000


@pytest.mark.parametrize("end", ["TLS", "TCP"])
async def test_the_last_will_is_published_at_the_end_of_tls_or_of_the_connection(folder: Path, end: str) -> None:
    async with running_endpoint(certificates=Certificates(files(folder))) as one:
        will = Will("t", b"gone")
        async with one.client(V5, tls=trusting(folder), will=will) as client:
            if end == "TCP":
                client.writer.transport.abort()
            else:
                client.writer.close()
            assert (await one.next()).payload == b"gone"


@pytest.mark.parametrize(
    ("beginning", "problem"),
    [
        (raw.connect("unknown"), "TLS: "),
        (b"GET / HTTP/1.1\r\n\r\n", "TLS: HTTP_REQUEST"),
    ],
)
async def test_a_client_without_tls_is_refused(folder: Path, beginning: bytes, problem: str) -> None:
    with structlog.testing.capture_logs() as lines:
        async with (
            running_endpoint(certificates=Certificates(files(folder))) as one,
            one.line(port=one.tls_port) as client,
        ):
            client.writer.write(beginning)
            assert await client.wait_for_end(PATIENCE) or await client.is_closed()
    (rejected,) = [line for line in lines if line["event"] == "client_rejected"]
    assert rejected["problem"].startswith(problem)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_before_1_2_is_refused(folder: Path) -> None:
    context = trusting(folder)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with structlog.testing.capture_logs() as lines:
        async with running_endpoint(certificates=Certificates(files(folder))) as one:
            with pytest.raises(ssl.SSLError):
                await one.line(tls=context).__aenter__()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            async with one.client(V5, tls=context) as client:
                assert client.writer.get_extra_info("ssl_object").version() == "TLSv1.2"
    assert [line["problem"] for line in lines if line["event"] == "client_rejected"] == ["TLS: UNSUPPORTED_PROTOCOL"]


async def test_a_handshake_has_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In time, which is that of CONNECT."""
    monkeypatch.setattr(connection_module, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    async with running_endpoint(certificates=Certificates(files(folder))) as one:
        for beginning in (b"", b"\x16\x03\x01"):
            async with one.line(port=one.tls_port) as client:
                client.writer.write(beginning)
                assert await client.is_closed()


async def test_the_turn_of_a_handshake_is_no_time_of_the_client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(connection_module, "CONNECT_SECONDS", 0.8)
    monkeypatch.setattr(Handshakes, "add", lambda _, step: asyncio.get_running_loop().call_later(1.0, step))
    async with (
        running_endpoint(certificates=Certificates(files(folder))) as one,
        one.client(V5, tls=trusting(folder)) as client,
    ):
        assert await client.ask(Pingreq()) == Pingresp()


async def test_a_handshake_that_goes_on_after_its_time_affects_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        trusting(folder).wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="127.0.0.1").do_handshake()
    hello = outgoing.read()
    async with running_endpoint(certificates=Certificates(files(folder))) as one:
        with monkeypatch.context() as impatient:
            impatient.setattr(connection_module, "CONNECT_SECONDS", 0.05)
            async with one.line(port=one.tls_port) as client:
                client.writer.write(hello[:5])
                assert await client.is_closed()
                client.writer.write(hello[5:])
                await one.is_quiet()
        async with one.client(V5, tls=trusting(folder)) as other:
            assert await other.ask(Pingreq()) == Pingresp()


@pytest.mark.parametrize(
    ("shown", "login", "code"),
    [
        ("lamp", ("lamp", None), ACCEPTED),
        ("lamp", None, ACCEPTED),
        # The key counts as well, and alone where it is shown.
        ("lamp", ("lamp", "lamp"), ACCEPTED),
        ("lamp", ("lamp", "wrong"), REJECTED),
        ("lamp", ("pump", None), REJECTED),
        ("lamp", ("iotflow/registrar", None), REJECTED),
        ("pump", ("pump", None), REJECTED),
        ("", ("lamp", None), REJECTED),
        ("", ("lamp", "lamp"), ACCEPTED),
    ],
)
async def test_a_certificate_stands_for_the_key_of_its_device(
    folder: Path, shown: str, login: tuple[str, str] | None, code: ReasonCode
) -> None:
    certificates = Certificates(files(folder, folder / "ca.crt"))
    async with (
        running_endpoint(channel=Registry(), certificates=certificates) as one,
        one.line(V5, tls=trusting(folder, shown)) as client,
    ):
        answer = await client.ask(connect(V5, login=login))
        assert isinstance(answer, Connack)
        assert answer.code is code


async def test_without_an_authority_of_clients_a_certificate_is_no_identity(folder: Path) -> None:
    async with (
        running_endpoint(channel=Registry(), certificates=Certificates(files(folder))) as one,
        one.line(V5, tls=trusting(folder, "lamp")) as client,
    ):
        answer = await client.ask(connect(V5, login=("lamp", "")))
        assert isinstance(answer, Connack)
        assert answer.code is REJECTED


async def refused(one: RunningEndpoint, tls: ssl.SSLContext) -> str:
    """The problem in the log of a client that is not accepted by TLS."""
    with structlog.testing.capture_logs() as lines:
        try:
            async with one.line(V5, tls=tls) as client:
                # With TLS 1.3 a client learns it with the first answer.
                client.send(connect(V5, login=("lamp", "")))
                await client.receive()
        except (ssl.SSLError, ConnectionError):
            pass
    return str([line["problem"] for line in lines if line["event"] == "client_rejected"])


async def test_certificates_of_others_and_revoked_ones_are_refused(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "clients.pem"
    both.write_bytes((folder / "ca.crt").read_bytes() + revocation_list(folder, "ca", "pump").read_bytes())
    async with running_endpoint(channel=Registry(), certificates=Certificates(files(folder, both))) as one:
        assert "CERTIFICATE_VERIFY_FAILED" in await refused(one, trusting(folder, "stranger"))
        assert "CERTIFICATE_VERIFY_FAILED" in await refused(one, trusting(folder, "pump"))
        async with one.client(V5, login=None, tls=trusting(folder, "lamp")) as client:
            assert await client.ask(Pingreq()) == Pingresp()


async def test_a_suspended_or_renamed_device_loses_the_connection_of_its_certificate(folder: Path) -> None:
    for change in ({"lamp": "inactive"}, {}, {"other": "active", "lamp": "active"}):
        registry, certificates = Registry(), Certificates(files(folder, folder / "ca.crt"))
        async with (
            running_endpoint(channel=registry, certificates=certificates) as one,
            one.client(V5, login=None, tls=trusting(folder, "lamp")) as client,
        ):
            registry.states = change
            one.account_changed(1)
            async with asyncio.timeout(PATIENCE):
                ended = await client.receive()
            assert getattr(ended, "code", None) is REJECTED


def served(client: Client) -> bytes | None:
    """The endpoint's certificate."""
    found: bytes | None = client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return found


async def test_a_certificate_that_changes_is_used_for_new_connections(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open connections go on. Files that do not belong together, as between the writes of the two, change nothing."""
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    for end in ("crt", "key"):
        shutil.copy(folder / f"server.{end}", tmp_path / f"server.{end}")
    async with (
        running_endpoint(certificates=Certificates(files(tmp_path))) as one,
        one.client(V5, tls=trusting(folder)) as before,
    ):
        first = served(before)
        with structlog.testing.capture_logs() as lines:
            shutil.copy(folder / "renewed.crt", tmp_path / "server.crt")
            await until(lambda: any(line["event"] == "certificate_not_reloaded" for line in lines))
            async with one.client(V5, "between", tls=trusting(folder)) as between:
                assert served(between) == first
            shutil.copy(folder / "renewed.key", tmp_path / "server.key")
            await until(lambda: any(line["event"] == "certificate_reloaded" for line in lines))
        assert [line["event"] for line in lines if "certificate" in line["event"]] == [
            "certificate_not_reloaded",
            "certificate_reloaded",
        ]
        async with one.client(V5, "after", tls=trusting(folder)) as after:
            assert served(after) not in (first, None)
        assert await before.ask(Pingreq()) == Pingresp()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, which no notification announces."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("certificate", "key", "client_ca", "message"),
    [
        ("none", "server.key", None, "TLS_CERTIFICATE_FILE: the file .*none cannot be read"),
        ("server.crt", "none", None, "TLS_KEY_FILE: the file .*none cannot be read"),
        ("server.key", "server.key", None, "TLS_CERTIFICATE_FILE: the file .*server.key holds no certificate"),
        ("server.crt", "server.crt", None, "TLS_KEY_FILE: the file .*server.crt holds no private key"),
        ("server.crt", "lamp.key", None, "TLS_KEY_FILE: .*lamp.key is not the key of .*server.crt"),
        ("server.crt", "server.key", "none", "TLS_CLIENT_CA_FILE: the file .*none cannot be read"),
        ("server.crt", "server.key", "server.key", "TLS_CLIENT_CA_FILE: the file .*server.key holds no certificate"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    folder: Path, certificate: str, key: str, client_ca: str | None, message: str
) -> None:
    wrong = TlsFiles(folder / certificate, folder / key, folder / client_ca if client_ca else None)
    with pytest.raises(WrongCertificate, match=f"^IOTFLOW_GATEWAY_{message}"):
        Certificates(wrong)


async def test_a_fleet_that_connects_at_once_is_admitted(folder: Path) -> None:
    """Also clients that send a large message before they are accepted."""
    payload = b"x" * 200_000

    async def admitted(one: RunningEndpoint, number: int) -> None:
        async with one.line(V5, tls=trusting(folder)) as client:
            client.send(connect(V5, f"c{number}"), Publish("t", payload, 1, 1))
            answer = await client.receive()
            assert isinstance(answer, Connack)
            assert not answer.code
            assert await client.receive() == Puback(1)

    async with running_endpoint(certificates=Certificates(files(folder))) as one:
        fleet = [asyncio.create_task(admitted(one, number)) for number in range(50)]
        await one.finish(len(fleet))
        await asyncio.gather(*fleet)

"""The shipped configuration of Mosquitto, unchanged: plain, TLS, client certificates and websockets."""

import functools
import ssl
import time
from collections.abc import Iterator

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from iotflow_cli.mosquitto.broker import CONFIGURATION, SHIPPED
from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, stored
from tests.support.certificates import authority, certificate
from tests.support.mqtt import Device, Part, Stack, stack_at
from tests.support.processes import free_port

LISTENERS = (1883, 8883, 8884, 9001)


class Shipped(Stack):
    """A broker with the configuration of the repository, except for the folder and the ports."""

    def _broker(self) -> Part:
        folder = self.folder / "mosquitto"
        folder.mkdir()
        (folder / "passwords").touch()
        (folder / "acl").write_text((SHIPPED / "acl").read_text())
        authority(folder, "ca")
        authority(folder, "devices-ca")
        certificate(folder, "server", "127.0.0.1", "ca")
        text = CONFIGURATION.read_text()
        text = text.replace("/etc/mosquitto/iotflow", str(folder)).replace("/var/lib/mosquitto/", f"{folder}/")
        self.ports = {port: free_port() for port in LISTENERS}
        for port, own in self.ports.items():
            text = text.replace(f"listener {port}\n", f"listener {own} 127.0.0.1\n")
        (folder / "mosquitto.conf").write_text(f"user root\n{text}")
        self.port = self.ports[1883]
        return Part(["/usr/sbin/mosquitto", "-c", str(folder / "mosquitto.conf")], {}, self.port)


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shipped]:
    """A stack whose adapter connects by TLS."""
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("shipped"), "mosquitto", make=Shipped) as running:
        assert isinstance(running, Shipped)
        ca = str(running.folder / "mosquitto" / "ca.crt")
        running.adapter(mqtt_port=str(running.ports[8883]), mqtt_tls="true", mqtt_ca_file=ca).start()
        yield running


@pytest.mark.parametrize("way", ["plain", "tls", "websockets"])
def test_by_password(stack: Shipped, way: str) -> None:
    device = stack.register(f"by {way}")
    port = {"plain": 1883, "tls": 8883, "websockets": 9001}[way]
    client = _client(stack, websockets=way == "websockets", tls=way == "tls")
    client.username_pw_set(str(device.id), device.key)
    _send(stack, client, port, device, str(device.id))


@pytest.mark.parametrize("by", ["id", "name"])
def test_by_certificate(stack: Shipped, by: str) -> None:
    """The common name is the device's: no password is necessary, and only its own topics are allowed."""
    device = stack.register(f"certified by {by}")
    own = str(device.id) if by == "id" else device.name
    folder = stack.folder / "mosquitto"
    certificate(folder, f"device{device.id}", own, "devices-ca")
    client = _client(stack, tls=True, certified=f"device{device.id}")
    _send(stack, client, 8884, device, own)


def test_certificates_of_another_authority_are_rejected(stack: Shipped) -> None:
    folder = stack.folder / "mosquitto"
    certificate(folder, "forged", "1", "ca")
    for certified in ("", "forged"):
        client = _client(stack, tls=True, certified=certified)
        came: list[bool] = []
        client.on_connect = functools.partial(_note, came)
        try:
            client.connect("127.0.0.1", stack.ports[8884])
            deadline = time.monotonic() + 5
            while client.loop(0.2) is paho.MQTT_ERR_SUCCESS and not came:
                assert time.monotonic() < deadline
        except (ssl.SSLError, ConnectionError):
            pass
        assert not came


def _note(came: list[bool], *_: object) -> None:
    came.append(True)


def _client(stack: Shipped, *, tls: bool = False, websockets: bool = False, certified: str = "") -> paho.Client:
    transport = "websockets" if websockets else "tcp"
    client = paho.Client(CallbackAPIVersion.VERSION2, transport=transport)  # type: ignore[arg-type]
    if tls:
        folder = stack.folder / "mosquitto"
        files = {"certfile": f"{folder}/{certified}.crt", "keyfile": f"{folder}/{certified}.key"} if certified else {}
        client.tls_set(f"{folder}/ca.crt", **files)  # type: ignore[arg-type]
    return client


def _send(stack: Shipped, client: paho.Client, port: int, device: Device, own: str) -> None:
    codes: list[bool] = []
    client.on_connect = lambda _c, _d, _f, code, _p: codes.append(code.is_failure)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", stack.ports[port])
    client.loop_start()
    try:
        # The broker may know the device a moment later: paho connects again until then.
        eventually(lambda: False in codes)
        client.publish(f"iotflow/devices/{own}/telemetry", b'{"data": {"t": 1}}', 1).wait_for_publish(10)
        client.publish("iotflow/devices/another/telemetry", b'{"data": {"forged": 1}}', 1).wait_for_publish(10)
        assert [set(row) for row in stored(stack, device).values()] == [{"t"}]
    finally:
        client.disconnect()
        client.loop_stop()

"""Devices at the MQTT endpoint over TLS, with their keys and with certificates."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.server import Server
from tests.integration.mqtt.clients import stored
from tests.support.certificates import authority, certificate
from tests.support.mqtt import EMBEDDED, Device, Stack, stack_at
from tests.support.mqtt_device import mqtt_device
from tests.support.processes import free_port


class TlsStack(Stack):
    """A stack with a port for TLS, and the certificates in its folder."""

    tls_port: int


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsStack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("tls"), EMBEDDED, TlsStack) as running:
        assert isinstance(running, TlsStack)
        folder = running.folder
        authority(folder, "ca")
        certificate(folder, "server", "127.0.0.1", "ca")
        running.tls_port = free_port()
        settings = {
            "tls_certificate_file": folder / "server.crt",
            "tls_key_file": folder / "server.key",
            "tls_client_ca_file": folder / "ca.crt",
            "tls_port": running.tls_port,
        }
        running.adapter(**{name: str(value) for name, value in settings.items()}).start()
        yield running


def trusting(folder: Path, shown: str = "") -> ssl.SSLContext:
    """The TLS of a client. shown: its certificate; empty: none."""
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    if shown:
        context.load_cert_chain(folder / f"{shown}.crt", folder / f"{shown}.key")
    return context


@pytest.mark.parametrize("v5", [True, False])
def test_a_device_with_its_key(stack: TlsStack, device: Device, v5: bool) -> None:
    topic = f"iotflow/devices/{device.id}/telemetry"
    with mqtt_device(stack.tls_port, device.name, device.key, v5=v5, tls=trusting(stack.folder)) as client:
        assert client.publish(topic, {"data": {"t": 1}}) == "Success"
    assert stored(stack, device)
    with mqtt_device(stack.tls_port, device.name, "wrong", v5=v5, tls=trusting(stack.folder)) as client:
        assert client.connection == "Not authorized"


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_device_with_a_certificate(stack: TlsStack, device: Device, by: str) -> None:
    """Of its id or its name. An admin's suspension ends the connection, and removal as well."""
    own = str(device.id) if by == "id" else device.name
    certificate(stack.folder, f"device{device.id}", own, "ca")
    tls = trusting(stack.folder, f"device{device.id}")
    with mqtt_device(stack.tls_port, own, None, tls=tls) as client:
        assert client.publish(f"iotflow/devices/{device.id}/telemetry", {"data": {"t": 1}}) == "Success"
        client.client.reconnect_delay_set(60, 60)
        stack.set_status(device, "inactive")
        client.wait(lambda: client.end is not None)
    with mqtt_device(stack.tls_port, own, None, tls=tls) as client:
        assert client.connection == "Not authorized"
    stack.set_status(device, "active")
    with mqtt_device(stack.tls_port, own, None, tls=tls) as client:
        assert client.connection == "Success"
        client.client.reconnect_delay_set(60, 60)
        stack.remove(device)
        client.wait(lambda: client.end is not None)
    with mqtt_device(stack.tls_port, own, None, tls=tls) as client:
        assert client.connection == "Not authorized"
    stack.adapters[0].wait_for(f"no device has this id or name: {own}", 1)

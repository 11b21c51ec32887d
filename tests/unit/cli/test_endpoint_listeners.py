"""Where `iotflow up` opens the MQTT endpoint, and the address that devices are given."""

import pytest

from iotflow_cli.mqtt import EMBEDDED, chosen_broker

NETWORK = "192.0.2.7"
TLS = {"IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE": "server.crt"}
PLAIN = {"IOTFLOW_GATEWAY_PLAINTEXT": "true"}


@pytest.mark.parametrize(
    ("host", "settings", "given", "opened"),
    [
        ("127.0.0.1", {}, ("127.0.0.1", 1883), {"127.0.0.1:1883"}),
        ("127.0.0.1", TLS, ("127.0.0.1", 1883), {"127.0.0.1:1883", "127.0.0.1:8883"}),
        (NETWORK, {}, ("127.0.0.1", 1883), {"127.0.0.1:1883"}),
        (NETWORK, PLAIN, (NETWORK, 1883), {f"{NETWORK}:1883"}),
        (NETWORK, TLS, (NETWORK, 8883), {"127.0.0.1:1883", f"{NETWORK}:8883"}),
        (NETWORK, TLS | PLAIN, (NETWORK, 1883), {f"{NETWORK}:1883", f"{NETWORK}:8883"}),
        (NETWORK, TLS | {"IOTFLOW_GATEWAY_TLS_PORT": "88"}, (NETWORK, 88), {"127.0.0.1:1883", f"{NETWORK}:88"}),
    ],
)
def test_beyond_loopback_the_endpoint_has_tls_unless_plaintext_is_allowed(
    monkeypatch: pytest.MonkeyPatch, host: str, settings: dict[str, str], given: tuple[str, int], opened: set[str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    broker = chosen_broker(EMBEDDED, host, 1883)
    assert broker.websocket is None
    assert (broker.host, broker.port) == given
    assert {f"{one.host}:{one.port}" for one in broker.listeners} == opened
    assert broker.env["IOTFLOW_GATEWAY_MQTT_HOST"] == (host if settings else "127.0.0.1")


def test_by_websocket_it_listens_where_it_does_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Envoy passes WebSockets on to that address."""
    for name, value in (TLS | {"IOTFLOW_GATEWAY_WEBSOCKET_TLS_PORT": "9443"}).items():
        monkeypatch.setenv(name, value)
    broker = chosen_broker(EMBEDDED, NETWORK, 1883, 9001)
    assert broker.websocket == ("127.0.0.1", 9001)
    assert {f"{one.name}: {one.host}:{one.port}" for one in broker.listeners} >= {
        "MQTT by WebSocket: 127.0.0.1:9001",
        f"MQTT by WebSocket with TLS: {NETWORK}:9443",
    }

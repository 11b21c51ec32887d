"""The adapter's settings, read from the environment."""

import re
from pathlib import Path
from typing import Any

import pytest

from iotflow_gateway.listeners import listeners
from iotflow_gateway.settings import GatewaySettings, WrongGatewaySettings, load_settings
from tests.support.certificates import authority


def test_an_empty_path_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the folder in which the adapter is started."""
    for name in ("MOSQUITTO_DIR", "MOSQUITTO_PID_FILE", "TOKEN_FILE", "READY_FILE", "MQTT_CA_FILE"):
        monkeypatch.setenv(f"IOTFLOW_GATEWAY_{name}", "")
    settings = GatewaySettings()
    assert settings.mosquitto_dir is settings.mosquitto_pid_file is settings.token_file is None
    assert settings.ready_file is settings.mqtt_ca_file is None


def test_a_broker_without_accounts_has_no_password_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOTFLOW_GATEWAY_ACCOUNTS", "payload")
    monkeypatch.setenv("IOTFLOW_GATEWAY_MOSQUITTO_DIR", "mosquitto")
    with pytest.raises(WrongGatewaySettings, match="IOTFLOW_GATEWAY_MOSQUITTO_DIR"):
        load_settings()


def test_one_setting_decides_the_prefix_of_all_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting of the adapter alone would not reach the server and Mosquitto's access control list."""
    monkeypatch.setenv("IOTFLOW_GATEWAY_TOKEN", "token")
    monkeypatch.setenv("IOTFLOW_MQTT_TOPIC_PREFIX", "plant 1/line")
    assert load_settings().mqtt_topic_prefix == "plant 1/line"
    monkeypatch.setenv("IOTFLOW_GATEWAY_MQTT_TOPIC_PREFIX", "plant 2")
    with pytest.raises(WrongGatewaySettings, match="set IOTFLOW_MQTT_TOPIC_PREFIX for all of them instead"):
        load_settings()


NETWORK = "0.0.0.0"  # noqa: S104
TLS_NEEDS_BOTH = "not set; TLS needs a certificate and its key"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"TLS_CERTIFICATE_FILE": "a"}, f"IOTFLOW_GATEWAY_TLS_KEY_FILE: {TLS_NEEDS_BOTH}"),
        ({"TLS_KEY_FILE": "a"}, f"IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE: {TLS_NEEDS_BOTH}"),
        ({"TLS_CLIENT_CA_FILE": "a"}, f"IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE: {TLS_NEEDS_BOTH}"),
        (
            {"TLS_CERTIFICATE_FILE": "a", "TLS_KEY_FILE": "b"},
            "IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE: the file a cannot be",
        ),
        ({"WEBSOCKET_TLS_PORT": 1}, "IOTFLOW_GATEWAY_WEBSOCKET_TLS_PORT: set IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE"),
        ({"MQTT_HOST": NETWORK}, "IOTFLOW_GATEWAY_MQTT_HOST: 0.0.0.0 can be reached from the network"),
        ({"MQTT_HOST": "::"}, "IOTFLOW_GATEWAY_MQTT_HOST: :: can be reached from the network"),
    ],
)
def test_wrong_settings_of_the_endpoint_are_named(given: dict[str, Any], problem: str) -> None:
    settings = GatewaySettings(**{name.lower(): value for name, value in given.items()})
    with pytest.raises(WrongGatewaySettings, match=re.escape(problem)):
        listeners(settings)


def test_without_tls_the_endpoint_listens_on_loopback(tmp_path: Path) -> None:
    """Beyond it if that is allowed."""
    authority(tmp_path, "own")
    websocket = {"websocket_port": 9001, "websocket_tls_port": 9443}
    own = {"tls_certificate_file": tmp_path / "own.crt", "tls_key_file": tmp_path / "own.key"}
    for given, addresses in (
        ({}, ["mqtt://127.0.0.1:1883"]),
        ({"websocket_port": 9001}, ["mqtt://127.0.0.1:1883", "ws://127.0.0.1:9001"]),
        (
            {"mqtt_host": NETWORK, **own, **websocket},
            ["mqtt://127.0.0.1:1883", "ws://127.0.0.1:9001", "mqtts://0.0.0.0:8883", "wss://0.0.0.0:9443"],
        ),
        ({"mqtt_host": "::1"}, ["mqtt://[::1]:1883"]),
        ({"mqtt_host": NETWORK, "plaintext": True}, ["mqtt://0.0.0.0:1883"]),
        ({"mqtt_host": NETWORK, **own}, ["mqtt://127.0.0.1:1883", "mqtts://0.0.0.0:8883"]),
        ({"mqtt_host": NETWORK, "plaintext": True, **own}, ["mqtt://0.0.0.0:1883", "mqtts://0.0.0.0:8883"]),
    ):
        settings = GatewaySettings(**given)
        assert [one.address for one in listeners(settings)] == addresses

"""The adapter's settings, read from the environment."""

import pytest

from iotflow_gateway.settings import GatewaySettings, WrongGatewaySettings, load_settings


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

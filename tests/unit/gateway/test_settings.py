"""The adapter's settings as the environment has them."""

import pytest

from iotflow_gateway.settings import Settings, WrongSettings, load_settings


def test_an_empty_path_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the folder in which the adapter happens to be started."""
    for name in ("MOSQUITTO_DIR", "MOSQUITTO_PID_FILE", "TOKEN_FILE", "READY_FILE", "MQTT_CA_FILE"):
        monkeypatch.setenv(f"IOTFLOW_GATEWAY_{name}", "")
    settings = Settings()
    assert settings.mosquitto_dir is settings.mosquitto_pid_file is settings.token_file is None
    assert settings.ready_file is settings.mqtt_ca_file is None


def test_accounts_that_nobody_has_are_kept_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOTFLOW_GATEWAY_ACCOUNTS", "payload")
    monkeypatch.setenv("IOTFLOW_GATEWAY_MOSQUITTO_DIR", "mosquitto")
    with pytest.raises(WrongSettings, match="IOTFLOW_GATEWAY_MOSQUITTO_DIR"):
        load_settings()

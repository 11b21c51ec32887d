"""Settings that depend on one another, and the tables that document them."""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from iotflow_gateway.settings import GatewaySettings
from iotflow_server.settings import Settings, WrongSettings, load_settings, unknown_settings
from iotflow_server.telemetry.stores.choice import Location, address_of, location_of
from tools.settings_table import EXAMPLE, ROOT, SECTIONS, environment, with_table

OLDER = {"IOTDB_HOST": "iotdb.example", "IOTDB_USER": "flow", "IOTDB_PASSWORD": "p@ss:/w"}


@pytest.mark.parametrize(
    ("env", "location", "user", "password"),
    [
        ({}, Location(), "", ""),
        (OLDER, Location("iotdb.example", 6667, "root.iotflow"), "flow", "p@ss:/w"),
        ({**OLDER, "IOTDB_PORT": "7000"}, Location("iotdb.example", 7000, "root.iotflow"), "flow", "p@ss:/w"),
        ({**OLDER, "IOTFLOW_TELEMETRY": "sqlite"}, Location(), "", ""),
        (
            {**OLDER, "IOTFLOW_TELEMETRY": "iotdb://a:b@one:1,two"},
            Location("one", 1, "root.iotflow"),
            "a",
            "b",
        ),
    ],
)
def test_the_store_follows_from_its_setting(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], location: Location, user: str, password: str
) -> None:
    for name in ("IOTFLOW_TELEMETRY", "IOTDB_HOST", "IOTDB_PORT", "IOTDB_USER", "IOTDB_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert location_of(settings.telemetry_url) == location
    if user:
        address = address_of(settings.telemetry_url)
        assert (address.user, address.password) == (user, password)
    assert "p@ss" not in repr(settings)
    assert "a:b" not in repr(settings)


@pytest.mark.parametrize("name", ["ADMIN_TOKEN", "GATEWAY_TOKEN", "KEY_SECRET"])
@pytest.mark.parametrize("secret", ["a", "hunter2", "fifteen letters", "a" * 40, "abcab" * 8])
def test_a_guessable_secret_is_rejected_by_name(monkeypatch: pytest.MonkeyPatch, name: str, secret: str) -> None:
    monkeypatch.setenv(f"IOTFLOW_{name}", secret)
    with pytest.raises(WrongSettings, match=f"^IOTFLOW_{name}: ") as refusal:
        load_settings()
    assert secret == "a" or secret not in str(refusal.value)


def test_two_tokens_cannot_have_one_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADMIN_TOKEN", "GATEWAY_TOKEN"):
        monkeypatch.setenv(f"IOTFLOW_{name}", "x7Gq2mPz9LwR4tKv")
    with pytest.raises(WrongSettings, match="^IOTFLOW_GATEWAY_TOKEN: "):
        load_settings()


def test_the_password_of_the_store_is_not_shown() -> None:
    assert "secret" not in repr(address_of("iotdb://me:secret@store:6667"))


@pytest.mark.parametrize(
    ("page", "settings"), [("docs/settings.md", Settings), ("docs/mqtt.md", GatewaySettings)], ids=["server", "adapter"]
)
def test_the_documented_names_defaults_and_ranges_are_those_of_the_settings(
    page: str, settings: type[BaseSettings]
) -> None:
    text = Path(ROOT, page).read_text()
    assert with_table(text, settings) == text


def test_the_example_of_an_environment_has_every_variable() -> None:
    assert EXAMPLE.read_text() == environment()
    names = {f"IOTFLOW_{name.upper()}" for name in SECTIONS["The server"].model_fields}
    assert names <= {line[1:].partition("=")[0] for line in EXAMPLE.read_text().splitlines()}


def test_the_example_of_an_environment_sets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the file, with nothing changed, changes nothing."""
    defaults = load_settings()
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    monkeypatch.chdir(tmp_path)
    assert load_settings() == defaults


def test_the_variables_of_the_command_are_known_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IOTFLOW_PROFILE", "plant")
    monkeypatch.setenv("IOTFLOW_TOKNE", "x")
    assert unknown_settings() == ["IOTFLOW_TOKNE"]

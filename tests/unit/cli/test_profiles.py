"""Profiles: a file that only its owner reads, and errors that name the remedy."""

import json
import stat
from pathlib import Path

import click
import pytest

from iotflow_cli.connections.target import chosen_target
from iotflow_cli.main import main
from iotflow_cli.output.failures import CommandError
from iotflow_cli.profiles.address import parsed_address
from iotflow_cli.profiles.profile import Profile
from iotflow_cli.profiles.store import Profiles, load_profiles, profiles_path, save_profiles
from iotflow_cli.running.run_file import RunFile

PLANT = Profile("iot.example.com:443", "secret-token", tls=True, ca="/etc/ca.pem")


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration folder of a user without any profile, whose working folder is empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("IOTFLOW_PROFILE", "IOTFLOW_TOKEN", "IOTFLOW_ADMIN_TOKEN", "IOTFLOW_DATA_DIR", "IOTFLOW_GRPC_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def test_profiles_are_kept_for_their_owner_only(configuration: Path) -> None:
    save_profiles(Profiles().with_profile("plant", PLANT))
    path = configuration / "iotflow" / "profiles.json"
    assert path == profiles_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_profiles() == Profiles("plant", {"plant": PLANT})


def test_a_relative_configuration_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert profiles_path() == tmp_path / ".config" / "iotflow" / "profiles.json"


def test_a_file_that_others_can_read_is_refused(configuration: Path) -> None:
    save_profiles(Profiles().with_profile("plant", PLANT))
    path = configuration / "iotflow" / "profiles.json"
    path.chmod(0o640)
    with pytest.raises(CommandError, match=f"chmod 600 {path}"):
        load_profiles()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"current": "", "profiles": []}',
        '{"current": "", "profiles": {"plant": {}}}',
        '{"current": "", "profiles": {"plant": {"address": 7}}}',
        '{"current": "", "profiles": {"plant": {"address": "x:1", "tls": "yes"}}}',
    ],
)
def test_a_damaged_file_is_named_and_stays_as_it_is(
    configuration: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configuration / "iotflow" / "profiles.json"
    path.parent.mkdir(parents=True)
    path.touch(0o600)
    path.write_text(content)
    assert main(["profiles"]) == 1
    printed = capsys.readouterr()
    assert f"{path} is damaged" in printed.err
    assert "log in again" in printed.err
    assert path.read_text() == content


def test_a_profile_shows_no_token() -> None:
    assert PLANT.token not in repr(PLANT)


def test_the_service_of_this_machine_needs_no_profile(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "admin-token").write_text("local-token\n")
    target = chosen_target(None, None)
    assert (target.name, target.profile) == ("local", Profile("127.0.0.1:50051", "local-token"))
    assert "iotflow up" in target.advice


def test_a_run_states_its_port(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    RunFile.of_this_process(rest="http://127.0.0.1:1", grpc_port=4711).write(folder)
    assert chosen_target(None, folder).profile.address == "127.0.0.1:4711"


def test_the_current_profile_is_used_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Profile("other.example.com:443", tls=True)
    save_profiles(Profiles().with_profile("other", other).with_profile("plant", PLANT))
    assert chosen_target(None, None).profile == PLANT
    assert chosen_target("other", None).profile == other
    assert chosen_target("local", None).name == "local"
    assert chosen_target(None, Path("data")).name == "local"
    monkeypatch.setenv("IOTFLOW_PROFILE", "other")
    assert chosen_target(None, None).profile == other


def test_an_unknown_profile_is_named_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    save_profiles(Profiles().with_profile("plant", PLANT))
    assert main(["devices", "list", "--profile", "plnat", "--json"]) == 3
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["reason"] == "PROFILE_NOT_FOUND"
    assert "known: plant" in error["message"]


def test_a_profile_is_chosen_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    save_profiles(Profiles().with_profile("other", PLANT).with_profile("plant", PLANT))
    assert main(["profiles", "--use", "other", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["name"]: row["current"] for row in rows} == {"local": False, "other": True, "plant": False}
    assert main(["logout"]) == 0
    assert load_profiles() == Profiles("", {"plant": PLANT})
    assert main(["logout"]) == 2
    assert main(["logout", "nothing"]) == 3


@pytest.mark.parametrize(
    ("url", "target", "tls"),
    [
        ("https://iot.example.com", "iot.example.com:443", True),
        ("https://iot.example.com:8443/", "iot.example.com:8443", True),
        ("http://localhost:5000", "localhost:5000", False),
        ("grpcs://iot.example.com", "iot.example.com:443", True),
        ("localhost:50051", "localhost:50051", False),
        ("localhost", "localhost:50051", False),
        ("grpc://[::1]:7", "[::1]:7", False),
    ],
)
def test_the_forms_of_an_address(url: str, target: str, *, tls: bool) -> None:
    address = parsed_address(url)
    assert (address.target, address.tls) == (target, tls)


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "http://[::1", "x:0", "https://x/api", "https://me@x", "x:port", "http://x?y=1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(click.BadParameter, match="is not the address of a server"):
        parsed_address(url)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["http://iot.example.com"], "would travel unencrypted"),
        (["https://iot.example.com", "--profile", "local"], "needs no login"),
        (["https://iot.example.com", "--key", __file__], "--certificate and --key go together"),
        (["https://iot.example.com", "--ca", "none.pem"], "does not exist"),
    ],
)
def test_a_login_that_makes_no_sense_is_refused(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["login", *arguments]) == 2
    assert problem in capsys.readouterr().err
    assert not profiles_path().exists()

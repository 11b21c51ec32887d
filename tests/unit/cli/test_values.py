"""Values in arguments, durations, differences, shells and the numbers of the contract."""

import io
import sys
from pathlib import Path

import click
import pytest

from iotflow.v1.command_pb2 import Command
from iotflow.v1.command_service_pb2 import ListCommandsResponse
from iotflow_cli.command_line.durations import DURATION, Duration
from iotflow_cli.command_line.values import json_object, pairs
from iotflow_cli.connections.messages import as_data
from iotflow_cli.device_config.differences import differences
from iotflow_cli.output.failures import CommandError
from iotflow_cli.running.testing import check_checkout
from iotflow_cli.shells.prompt import StatementError, run_prompt
from iotflow_cli.shells.redis import vendors_call


def test_pairs_have_the_types_of_json() -> None:
    texts = ["a=21.5", "b=true", "c=[1, 2]", 'd="7"', "e=on = off", "f=", "g=NaN", "h=9007199254740993"]
    assert pairs(texts) == {
        "a": 21.5, "b": True, "c": [1, 2], "d": "7", "e": "on = off", "f": "", "g": "NaN", "h": 9007199254740993,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["temperature", "=1"])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a pair"):
        pairs([text])


def test_an_object_comes_from_an_argument_a_file_or_the_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.json").write_text('{"a": 2}')
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"a": 3}'))
    assert [json_object(each)["a"] for each in ('{"a": 1}', f"@{tmp_path}/x.json", "-")] == [1, 2, 3]
    for wrong in ("{", "[1]"):
        with pytest.raises(click.BadParameter):
            json_object(wrong)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("30s", 30), ("2m", 120), ("12h", 43_200), ("90d", 7_776_000)]
)
def test_durations(text: str, seconds: int) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "h", "1y", "-1s", "1.5h", "9" * 5_000])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a duration"):
        DURATION.convert(text, None, None)


@pytest.mark.parametrize(
    ("kind", "text", "bounds"),
    [
        (DURATION, "99999w", "from 0s to 2147483647s"),
        (Duration(1, 2_678_400), "0", "from 1s to 31d"),
        (Duration(1, 2_678_400), "32d", "from 1s to 31d"),
    ],
)
def test_a_refused_duration_names_the_bounds(kind: Duration, text: str, bounds: str) -> None:
    with pytest.raises(click.BadParameter, match=bounds):
        kind.convert(text, None, None)


def test_differences_name_the_keys() -> None:
    found = list(differences({"a": 1, "b": {"c": 2, "d": 3}, "e": [1]}, {"a": 1, "b": {"c": 5}, "e": [1], "x": 9}))
    assert found == [{"key": "b.c", "desired": 2, "reported": 5}, {"key": "b.d", "desired": 3}]


def test_numbers_of_the_contract_are_numbers() -> None:
    command = Command(id=2**53)
    command.parameters.update({"z": 1, "a": 0.5})
    [shown] = as_data(ListCommandsResponse(commands=[command]))["commands"]
    assert shown["id"] == 2**53
    assert list(shown["parameters"].items()) == [("a", 0.5), ("z", 1)]
    assert isinstance(shown["parameters"]["z"], int)


def test_a_prompt_without_a_terminal_ends_at_the_first_error(capsys: pytest.CaptureFixture[str]) -> None:
    def execute(statement: str) -> str:
        if statement == "bad":
            raise StatementError("unknown statement")
        return statement.upper()

    assert run_prompt("> ", execute, ["good", "bad", "never"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("GOOD\n", "iotflow: unknown statement\n")


def test_a_prompt_reads_the_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\n\ntwo\nexit\nthree\n"))
    assert run_prompt("> ", str.upper, []) == 0
    assert capsys.readouterr().out == "ONE\nTWO\n"


@pytest.mark.parametrize(
    ("url", "arguments", "variables"),
    [
        ("redis://localhost", ["-h", "localhost", "-p", "6379", "-n", "0"], {}),
        (
            "rediss://me:p%40ss@r.example.com:7000/2",
            ["-h", "r.example.com", "-p", "7000", "-n", "2", "--tls", "--user", "me"],
            {"REDISCLI_AUTH": "p@ss"},
        ),
        ("unix:///run/redis.sock?db=3", ["-s", "/run/redis.sock", "-n", "3"], {}),
    ],
)
def test_the_password_of_redis_is_no_argument(url: str, arguments: list[str], variables: dict[str, str]) -> None:
    assert vendors_call(url) == (arguments, variables)


def test_the_tests_need_a_checkout(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Run the command in a clone"):
        check_checkout(tmp_path)
    check_checkout(Path(__file__).parents[3])

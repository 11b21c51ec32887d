"""Errors have an exit code that scripts can use, and never a traceback."""

import json

import click
import pytest
from grpc import StatusCode

from iotflow.errors import ServerError
from iotflow_cli.main import main
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError, failure_of
from iotflow_cli.output.renderer import Output

OF_STATUS = [
    (StatusCode.INVALID_ARGUMENT, False, ExitCode.USAGE),
    (StatusCode.NOT_FOUND, False, ExitCode.NOT_FOUND),
    (StatusCode.UNAUTHENTICATED, False, ExitCode.NOT_PERMITTED),
    (StatusCode.PERMISSION_DENIED, False, ExitCode.NOT_PERMITTED),
    (StatusCode.ALREADY_EXISTS, False, ExitCode.CONFLICT),
    (StatusCode.ABORTED, True, ExitCode.CONFLICT),
    (StatusCode.FAILED_PRECONDITION, False, ExitCode.CONFLICT),
    (StatusCode.UNAVAILABLE, True, ExitCode.UNAVAILABLE),
    (StatusCode.RESOURCE_EXHAUSTED, True, ExitCode.UNAVAILABLE),
    (StatusCode.DEADLINE_EXCEEDED, True, ExitCode.UNAVAILABLE),
    (StatusCode.INTERNAL, False, ExitCode.FAILED),
    (StatusCode.UNIMPLEMENTED, False, ExitCode.FAILED),
]


@pytest.mark.parametrize(("status", "retryable", "code"), OF_STATUS)
def test_the_error_of_a_call_has_an_exit_code(status: StatusCode, *, retryable: bool, code: ExitCode) -> None:
    failure = failure_of(ServerError(status, "The call failed.", retryable=retryable))
    assert failure.exit_code == code
    assert failure.data["error"]["status"] == status.name


def test_the_error_of_a_call_has_what_a_script_needs(capsys: pytest.CaptureFixture[str]) -> None:
    error = ServerError(
        StatusCode.RESOURCE_EXHAUSTED,
        "Too many calls.",
        reason="RATE_LIMIT",
        retryable=True,
        retry_after=2.5,
        request_id="r-1",
    )
    assert Output(as_json=True).fail(error) == 5
    assert json.loads(capsys.readouterr().err) == {
        "error": {
            "message": "Too many calls.",
            "reason": "RATE_LIMIT",
            "status": "RESOURCE_EXHAUSTED",
            "retryable": True,
            "retry_after": 2.5,
            "request_id": "r-1",
            "exit_code": 5,
        }
    }
    Output().fail(error)
    assert capsys.readouterr().err == "iotflow: Too many calls. Try again in 2.5 s. (RATE_LIMIT, r-1)\n"


def test_an_error_of_the_command_names_the_remedy() -> None:
    failure = failure_of(CommandError("There is no service. Start one.", ExitCode.NOT_FOUND, reason="NOT_RUNNING"))
    assert (failure.text, failure.exit_code) == ("iotflow: There is no service. Start one.", 3)
    assert failure.data["error"]["reason"] == "NOT_RUNNING"


def test_a_file_that_cannot_be_read_is_named() -> None:
    failure = failure_of(FileNotFoundError(2, "No such file or directory", "none.csv"))
    assert (failure.text, failure.exit_code) == ("iotflow: none.csv: No such file or directory", 1)


def test_a_full_disk_is_named_as_that() -> None:
    failure = failure_of(OSError(28, "No space left on device"))
    assert failure.text == "iotflow: A disk is full (No space left on device). Free space on it, and try again."


def test_an_argument_that_is_no_text_is_an_error_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "list", "--type", "lamp\udcff"]) == 2
    assert capsys.readouterr().err == "iotflow: error: An argument or a file name is not UTF-8 text: 'lamp\\udcff'\n"


def test_an_unexpected_error_is_one_line() -> None:
    failure = failure_of(ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError: division by zero" in failure.text
    assert len(failure.text.splitlines()) == 1
    assert failure.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "No such command 'nothing'."),
        (["--nothing"], "No such option '--nothing'"),
        (["replay", "x.csv"], "Missing option '--device'."),
        (["up", "--rest-port", "0"], "argument --rest-port: 0 is not in the range 1<=x<=65535."),
        (["completion", "tcsh"], "argument {bash|zsh|fish}: 'tcsh' is not one of"),
    ],
)
def test_errors_in_the_arguments_have_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert main([*arguments, "--json"]) == 2
    assert message in json.loads(capsys.readouterr().err)["error"]["message"]


def test_a_group_without_a_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Commands:" in printed.err


def test_errors_of_click_are_sentences() -> None:
    assert failure_of(click.FileError("x", "unreadable")).exit_code == 1

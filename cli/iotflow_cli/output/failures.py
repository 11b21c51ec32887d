"""The errors of commands, with what a script needs to react to them."""

from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from typing import Any

import click

from iotflow_cli.output.exit_codes import ExitCode, exit_code_of


class CommandError(Exception):
    """A command cannot be carried out: a sentence for the terminal that names the problem and the remedy."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.FAILED, *, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Failure:
    """text: what a terminal shows. data: the object that --json writes, without what is unknown."""

    text: str
    data: dict[str, Any]
    exit_code: int


def failure_of(error: Exception) -> Failure:
    """The failure that an exception means."""
    # gRPC takes a tenth of a second to import, and nothing else here needs it.
    from iotflow.errors import ServerError

    if isinstance(error, ServerError):
        return _of_server(error)
    if isinstance(error, CommandError):
        return _failure(f"iotflow: {error.message}", error.message, error.exit_code, reason=error.reason)
    if isinstance(error, click.UsageError):
        return _of_usage(error)
    if isinstance(error, click.ClickException):
        return _failure(f"iotflow: {error.format_message()}", error.format_message(), ExitCode.FAILED)
    if isinstance(error, OSError):
        message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
        if error.errno in (ENOSPC, EDQUOT):
            message = f"A disk is full ({message}). Free space on it, and try again."
        return _failure(f"iotflow: {message}", message, ExitCode.FAILED)
    if isinstance(error, UnicodeEncodeError):
        message = f"An argument or a file name is not UTF-8 text: {error.object[:100]!r}"
        return _failure(f"iotflow: error: {message}", message, ExitCode.USAGE)
    message = (
        f"An unexpected error occurred: {type(error).__name__}: {error}. Please report it with the output of --debug."
    )
    return _failure(f"iotflow: {message}", message, ExitCode.FAILED, reason="UNEXPECTED")


def _of_server(error: Any) -> Failure:
    advice = ""
    if error.retryable:
        advice = f" Try again in {error.retry_after:g} s." if error.retry_after else " Try again later."
    known = [part for part in (error.reason or error.code.name, error.field, error.request_id) if part]
    return _failure(
        f"iotflow: {error.message}{advice} ({', '.join(known)})",
        error.message,
        exit_code_of(error),
        reason=error.reason,
        status=error.code.name,
        field=error.field,
        retryable=error.retryable,
        retry_after=error.retry_after,
        request_id=error.request_id,
    )


def _of_usage(error: click.UsageError) -> Failure:
    message = _usage_message(error)
    if error.ctx is None:
        return _failure(f"iotflow: error: {message}", message, ExitCode.USAGE)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return _failure(error.ctx.get_help(), "A command is required.", ExitCode.USAGE)
    path = error.ctx.command_path
    text = f"{error.ctx.get_usage()}\n{path}: error: {message}\n`{path} --help` describes the command."
    return _failure(text, message, ExitCode.USAGE)


def _usage_message(error: click.UsageError) -> str:
    # A missing parameter has a sentence of its own, which names it.
    if not isinstance(error, click.BadParameter) or isinstance(error, click.MissingParameter) or error.param is None:
        return error.format_message()
    param = error.param
    name = (
        param.opts[0]
        if param.param_type_name == "option"
        else param.make_metavar(error.ctx or click.Context(click.Command("")))
    )
    return f"argument {name}: {error.message}"


def _failure(text: str, message: str, exit_code: int, **known: Any) -> Failure:
    data = {"message": message, **{name: value for name, value in known.items() if value not in ("", None)}}
    return Failure(text, {"error": {**data, "exit_code": int(exit_code)}}, int(exit_code))

"""The exit codes of every command, which scripts can rely on."""

from enum import IntEnum

from iotflow.errors import ServerError


class ExitCode(IntEnum):
    """docs/cli.md has the same table."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_PERMITTED = 4
    UNAVAILABLE = 5
    CONFLICT = 6
    INTERRUPTED = 130


# By the name of the gRPC status.
_OF_STATUS = {
    "INVALID_ARGUMENT": ExitCode.USAGE,
    "OUT_OF_RANGE": ExitCode.USAGE,
    "NOT_FOUND": ExitCode.NOT_FOUND,
    "UNAUTHENTICATED": ExitCode.NOT_PERMITTED,
    "PERMISSION_DENIED": ExitCode.NOT_PERMITTED,
    "ALREADY_EXISTS": ExitCode.CONFLICT,
    "ABORTED": ExitCode.CONFLICT,
    "FAILED_PRECONDITION": ExitCode.CONFLICT,
}


def exit_code_of(error: ServerError) -> ExitCode:
    """The exit code of a call that failed."""
    known = _OF_STATUS.get(error.code.name)
    if known is not None:
        return known
    return ExitCode.UNAVAILABLE if error.retryable else ExitCode.FAILED

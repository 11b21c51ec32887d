"""The errors of simulated devices as errors of commands."""

from iotflow.errors import ServerError
from iotflow_cli.output.exit_codes import ExitCode, exit_code_of
from iotflow_cli.output.failures import CommandError
from iotflow_simulators import SimulationError


def command_error(error: SimulationError, *notes: str) -> CommandError:
    """The error of the command. notes: lines below its sentence. The exit code is that of the call to the service that failed."""
    cause = error.__cause__
    message = "\n".join([str(error), *notes])
    if isinstance(cause, ServerError):
        return CommandError(message, exit_code_of(cause), reason=cause.reason)
    return CommandError(message, ExitCode.FAILED)

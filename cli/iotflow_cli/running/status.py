"""`iotflow status`."""

from collections.abc import Iterator
from typing import Any

from iotflow.errors import ServerError
from iotflow.v1.system_service_pb2 import GetHealthRequest, GetHealthResponse
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.words import HealthStatus
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.results import Record
from iotflow_cli.running.lifecycle import running
from iotflow_cli.running.run_file import RunFile

SECONDS = 10.0


@command("status")
@with_server
def status(server: Server) -> Record:
    """Show whether the service runs, and the state of its parts.

    The exit code is 0 where everything is healthy, 1 where a part is not, 3 where no service runs on this machine, and 5
    where the server does not answer.
    """
    folder = server.target.data_dir
    run = running(folder) if folder else None
    health, problem = _health(server)
    return Record(_data(run, health, problem), sentence=_sentence(run, health, problem), exit_code=_code(health))


def _health(server: Server) -> tuple[dict[str, Any], str]:
    """The answer of the server, or why there is none."""
    for detailed in (True, False):
        try:
            request = GetHealthRequest(detailed=detailed)
            return as_data(server.call(SystemServiceStub, "GetHealth", request, GetHealthResponse, SECONDS)), ""
        except ServerError as error:
            # Details may need a token that this caller does not have.
            if error.code.name not in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
                return {}, error.message
    return {}, "The server does not accept the token."


def _data(run: RunFile | None, health: dict[str, Any], problem: str) -> dict[str, Any]:
    data: dict[str, Any] = {"health": health or None}
    if problem:
        data["problem"] = problem
    if run:
        data |= {"pid": run.pid, "is_ready": run.is_ready, "addresses": run.addresses, "parts": run.parts}
    return data


def _code(health: dict[str, Any]) -> ExitCode:
    if not health:
        return ExitCode.UNAVAILABLE
    return ExitCode.DONE if health["status"] == HealthStatus.HEALTHY else ExitCode.FAILED


def _sentence(run: RunFile | None, health: dict[str, Any], problem: str) -> str:
    return "\n".join([*_run_lines(run), *_health_lines(health, problem)])


def _run_lines(run: RunFile | None) -> Iterator[str]:
    if run is None:
        return
    yield f"The service runs (process {run.pid}){'' if run.is_ready else ', and is starting'}."
    for name, address in run.addresses.items():
        yield f"{name:<11}  {address}"
    for part, pid in run.parts.items():
        yield f"{part:<11}  process {pid}"


def _health_lines(health: dict[str, Any], problem: str) -> Iterator[str]:
    if not health:
        yield f"No answer: {problem}"
        return
    yield f"{'health':<11}  {health['status']}, version {health['version']}, up {health['uptime_seconds']:,.0f} s"
    for check in health["checks"]:
        message = f": {check['message']}" if check["message"] else ""
        yield f"  {check['name']:<17}  {check['status']}{message}"

"""Accepts WebSocket connections from Envoy, and ends them."""

import asyncio
import logging
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import orjson
import structlog
from grpc import StatusCode
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from iotflow.channels import open_channel
from iotflow.errors import DOMAIN, ServerError
from iotflow_gateway.json_door import limits
from iotflow_gateway.json_door.admissions import Admission, Admissions, TooMany
from iotflow_gateway.json_door.callers import Caller, Origin, check, credentials_in, credentials_of, origin_of
from iotflow_gateway.json_door.closing import CloseCode, Closing, login_rejected
from iotflow_gateway.json_door.connection import Connection
from iotflow_gateway.json_door.in_flight import ByteBudget
from iotflow_gateway.json_door.messages import InvalidMessage, parse

log = structlog.get_logger(__name__)

_RESTARTS = "The service restarts; connect again."
_HTTP_STATUSES = {
    StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
}


class _Socket(ServerConnection):
    """A connection. caller: None before the login."""

    origin = Origin("", ())
    admission: Admission | None = None
    caller: Caller | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.admission:
            self.admission.end()


class JsonDoor:
    """Serves JSON by WebSocket. socket: path of the Unix socket at which it listens. server: host:port of the server. envoy_secret:
    see origin_of()."""

    def __init__(self, socket: Path, server: str, envoy_secret: str) -> None:
        self._path = socket
        self._server = server
        self._envoy_secret = envoy_secret
        self._admissions = Admissions()
        self._bytes = ByteBudget(limits.MOST_BYTES_OF_ALL)

    @property
    def connections(self) -> int:
        """The number of connections."""
        return len(self._admissions)

    async def run(self) -> None:
        """Serve until cancelled; then close the connections. Raises OSError if the socket cannot be opened."""
        # A connection of its own: large answers to browsers do not delay acknowledgements of MQTT.
        async with open_channel(self._server) as channel:
            self._channel = channel
            self._path.unlink(missing_ok=True)
            server = await self._listen()
            try:
                self._path.chmod(0o600)
                await asyncio.Event().wait()
            finally:
                server.close(code=CloseCode.SERVICE_RESTART, reason=_RESTARTS)
                await server.wait_closed()

    async def _listen(self) -> Any:
        return await unix_serve(
            self._serve,
            str(self._path),
            process_request=self._admit,
            create_connection=_Socket,
            compression=None,
            server_header=None,
            logger=_library_log(),
            max_size=limits.LARGEST_LOGIN,
            max_queue=limits.MOST_FRAMES,
            write_limit=limits.HIGH_WATER,
            open_timeout=limits.HANDSHAKE_SECONDS,
            close_timeout=limits.CLOSE_SECONDS,
            ping_interval=limits.PING_SECONDS,
            ping_timeout=limits.PONG_SECONDS,
        )

    async def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        """The refusal of a handshake; None: it goes on."""
        connection = cast(_Socket, socket)
        try:
            _check_parameters(request.path)
            connection.origin = origin_of(request.headers, self._envoy_secret)
            connection.admission = self._admissions.admit(connection.origin.address)
            if metadata := credentials_in(request.headers):
                await self._log_in(connection, metadata)
        except TooMany as problem:
            return _refusal(socket, _too_many(problem))
        except ServerError as error:
            return _refusal(socket, error)
        return None

    async def _log_in(self, socket: _Socket, metadata: tuple[tuple[str, str], ...]) -> Caller:
        """Raises ServerError and TooMany."""
        caller = await check(self._channel, (*metadata, *socket.origin.metadata))
        if socket.admission:
            socket.admission.log_in(caller.device_id)
        socket.caller = caller
        return caller

    async def _serve(self, socket: ServerConnection) -> None:
        connection = cast(_Socket, socket)
        try:
            caller = connection.caller or await self._take_login(connection)
            await Connection(socket, self._channel, caller, self._bytes).run()
        except* ConnectionClosed:
            pass
        except* Closing as ends:
            end = _first(ends)
            await socket.close(end.code, end.reason)
        except* Exception:
            log.exception("websocket_failed")
            await socket.close(CloseCode.INTERNAL_ERROR, "The connection failed; see the log of the adapter.")

    async def _take_login(self, socket: _Socket) -> Caller:
        """Wait for the message with the credential. Raises Closing and ConnectionClosed."""
        try:
            async with asyncio.timeout(limits.LOGIN_SECONDS):
                body = await socket.recv(decode=False)
        except TimeoutError:
            problem = f"LOGIN_TIMEOUT: No login came within {limits.LOGIN_SECONDS:.0f} seconds."
            raise Closing(CloseCode.LOGIN_REJECTED, problem) from None
        try:
            return await self._log_in(socket, credentials_of(parse(body)))
        except InvalidMessage as problem:
            raise Closing(CloseCode.LOGIN_REJECTED, f"{problem.reason}: {problem.message}") from None
        except TooMany as problem:
            raise Closing(CloseCode.TOO_MANY_CONNECTIONS, str(problem)) from None
        except ServerError as error:
            if error.retryable:
                raise Closing(
                    CloseCode.TRY_AGAIN_LATER, f"{error.reason or error.code.name}: {error.message}"
                ) from None
            raise login_rejected(error) from None


def _check_parameters(path: str) -> None:
    if "?" in path:
        problem = "This path has no parameters. Send a credential in a header, or in a message of type login."
        raise ServerError(StatusCode.INVALID_ARGUMENT, problem, reason="UNKNOWN_PARAMETER")


def _too_many(problem: TooMany) -> ServerError:
    return ServerError(
        StatusCode.RESOURCE_EXHAUSTED, str(problem), reason="TOO_MANY_CONNECTIONS", retryable=True, retry_after=5.0
    )


def _refusal(socket: ServerConnection, error: ServerError) -> Response:
    """The response to a handshake: the google.rpc.Status of REST."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": error.reason or error.code.name,
        "domain": DOMAIN,
        "metadata": {"retryable": "true" if error.retryable else "false"},
    }
    status = {"code": error.code.value[0], "message": error.message, "details": [info]}
    http_status = _HTTP_STATUSES.get(error.code, HTTPStatus.SERVICE_UNAVAILABLE)
    response = socket.respond(http_status, orjson.dumps(status).decode())
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    if error.retry_after is not None:
        response.headers["Retry-After"] = f"{max(1, round(error.retry_after))}"
    return response


def _first(ends: BaseExceptionGroup[Closing]) -> Closing:
    """Any of the reasons: the tasks of a connection end for the same one."""
    inner = ends.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _library_log() -> logging.Logger:
    """The library's log, which is not written: handshakes and connections fail at the will of clients."""
    library = logging.getLogger(f"{__name__}.websockets")
    library.propagate = False
    library.addHandler(logging.NullHandler())
    return library

"""The connection to a server: one channel at a time, its TLS files, and the key or token of its calls."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import grpc
from grpc import ChannelConnectivity, StatusCode

from iotflow.channels import Backoff, credentials, open_channel
from iotflow.credential_form import checked_key, checked_token
from iotflow.errors import ServerError, server_error
from iotflow.target import checked_target

log = logging.getLogger(__name__)
CredentialHandler = Callable[[ServerError], Awaitable[str | None]]
Metadata = tuple[tuple[str, str], ...]
# Time for the calls of a connection that broke to end.
GRACE_SECONDS = 10.0
# A call on a channel that could not connect fails at once, with the cause that the channel itself does not tell. A server that
# has come meanwhile answers this one, which changes nothing.
_PROBE = "/grpc.health.v1.Health/Check"
_PROBE_SECONDS = 1.0
_ADVICE = "Check the host, the port, and whether the server expects TLS or a certificate of the client."


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM, which are read again for each connection. ca: authorities; None: the system's. certificate, key: the
    client's, where the server wants one."""

    ca: Path | str | None = None
    certificate: Path | str | None = None
    key: Path | str | None = None

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """The credentials as the files have them now. Raises OSError."""
        ca = self.ca or ssl.get_default_verify_paths().cafile
        return grpc.ssl_channel_credentials(_content(ca), _content(self.key), _content(self.certificate))


class Connection:
    """Connects to a server, and connects again when the connection is lost.

        async with Connection("iot.example.com:50051", api_key=key, tls=Tls()) as connection:
            print(await Device(connection).heartbeat())

    target: host:port (an IPv6 address in brackets), or a channel that the caller closes. Any other form raises ServerError
    INVALID_ARGUMENT at once. A proxy that the environment names is not used. api_key: of a device. token: of a gateway or a person.
    Both consist of printable ASCII characters without spaces, or else ServerError INVALID_ARGUMENT is raised at once.
    tls: None: without TLS. connect_timeout: seconds for one attempt to connect.
    on_credential_wanted: called with the error when the server does not accept the key; returns a new key or token, or None.
    It may take any time. While the server accepts none of its answers, there are pauses between the calls, as between attempts
    to connect. Its exception is logged, counts as None, and is named by the error of the calls.
    """

    def __init__(
        self,
        target: str | grpc.aio.Channel,
        *,
        api_key: str = "",
        token: str = "",
        tls: Tls | None = None,
        connect_timeout: float = 10.0,
        on_credential_wanted: CredentialHandler | None = None,
    ) -> None:
        self._target = checked_target(target) if isinstance(target, str) else ""
        self._given_channel = None if isinstance(target, str) else target
        self._api_key = checked_key(api_key) if api_key else ""
        self._token = checked_token(token) if token else ""
        self._tls = tls
        self._connect_timeout = connect_timeout
        self._on_credential_wanted = on_credential_wanted
        self._channel: grpc.aio.Channel | None = None
        self._connecting: asyncio.Lock | None = None
        self._asking: asyncio.Task[bool] | None = None
        # Whether the present key or token is an answer of the handler that the server has not accepted yet.
        self._is_unproven = False
        # A key about which the server was asked, and the id of its device: see QueueOwner.
        self.key_owner: tuple[Metadata, int] | None = None
        self._pauses = Backoff()
        # One for each call of the channel, until it ends.
        self._calls: set[asyncio.Future[None]] = set()
        # Channels whose calls may still end.
        self._discarded: dict[asyncio.Task[None], grpc.aio.Channel] = {}
        self._watching: set[asyncio.Task[ChannelConnectivity]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def metadata(self) -> Metadata:
        """Metadata of each call, with the present key or token."""
        return credentials(self._api_key, self._token)

    def use_key(self, api_key: str) -> None:
        """Use this device key for all calls from now on. Raises ServerError INVALID_ARGUMENT where no key has this form."""
        self._api_key, self._token = checked_key(api_key), ""
        self._reset_pauses()

    def accepted(self, used: Metadata) -> None:
        """The server accepts the key of a stream: the next question for another one comes without a pause. used: metadata of
        the stream."""
        if self._is_unproven and used == self.metadata:
            self._reset_pauses()

    async def ready(self) -> grpc.aio.Channel:
        """A channel that is connected. Raises ServerError UNAVAILABLE where the attempt fails; RuntimeError where the caller
        closed the channel."""
        self._connecting = self._connecting or asyncio.Lock()
        async with self._connecting:
            try:
                async with asyncio.timeout(self._connect_timeout):
                    return await self._connected()
            except TimeoutError:
                message = f"The server did not accept a connection within {self._connect_timeout:g} s"
                raise await self._unreachable(message, self._given_channel or self._channel) from None

    @asynccontextmanager
    async def call(self) -> AsyncIterator[grpc.aio.Channel]:
        """A connected channel for calls in the block; their errors are raised as ServerError."""
        channel = await self.ready()
        calls, ended = self._calls, asyncio.get_running_loop().create_future()
        calls.add(ended)
        try:
            yield channel
        except grpc.aio.AioRpcError as error:
            raise server_error(error) from None
        except asyncio.CancelledError:
            # A call that was cancelled because the channel was closed is not the caller's own cancellation.
            if is_cancelled():
                raise
            raise ServerError(StatusCode.CANCELLED, "The connection was closed.", retryable=True) from None
        finally:
            calls.remove(ended)
            ended.set_result(None)

    async def renewed(self, error: ServerError, used: Metadata) -> bool:
        """Get a key in place of the one that the error is about. used: metadata of the failed call.

        True: the connection has another one than the failed call had. Concurrent callers share one question. Raises ServerError
        INVALID_ARGUMENT where no key has the form of the answer.
        """
        if used != self.metadata:
            return True
        if self._on_credential_wanted is None:
            return False
        if self._asking is None or self._asking.done():
            asking = self._ask(self._on_credential_wanted, error, used)
            self._asking = asyncio.create_task(asking, name="credential handler")
        return await asyncio.shield(self._asking)

    async def close(self) -> None:
        """Close the channel, unless it is the caller's."""
        if self._asking:
            self._asking.cancel()
        self._discard()
        discarded = dict(self._discarded)
        for task in discarded:
            task.cancel()
        await asyncio.gather(*discarded, *(channel.close() for channel in discarded.values()), return_exceptions=True)
        # gRPC reports the end of a watch to the loop, which must not be closed by then.
        await asyncio.gather(*self._watching, return_exceptions=True)

    async def _ask(self, handler: CredentialHandler, error: ServerError, used: Metadata) -> bool:
        if self._is_unproven:
            await asyncio.sleep(self._pauses.delay(error.retry_after))
        if used != self.metadata:
            # The application has replaced it meanwhile.
            return True
        try:
            credential = await handler(error)
        except Exception as failure:
            log.exception("handler failed: on_credential_wanted")
            raise error.explained(f"The credential handler failed: {failure!r}") from failure
        if not credential:
            return False
        if self._token:
            self._token = checked_token(credential)
        else:
            self._api_key = checked_key(credential)
        self._is_unproven = True
        return True

    def _reset_pauses(self) -> None:
        self._is_unproven = False
        self._pauses.reset()

    async def _connected(self) -> grpc.aio.Channel:
        if self._given_channel:
            if self._given_channel.get_state() is ChannelConnectivity.SHUTDOWN:
                raise RuntimeError("The channel is closed. Use a new one.")
            await self._given_channel.channel_ready()
            return self._given_channel
        if self._channel and self._channel.get_state() is ChannelConnectivity.READY:
            return self._channel
        self._discard()
        channel = self._channel = await self._opened()
        state = channel.get_state(try_to_connect=True)
        while state is not ChannelConnectivity.READY:
            if state is ChannelConnectivity.TRANSIENT_FAILURE:
                raise await self._unreachable(f"{self._target} is out of reach", channel)
            state = await asyncio.shield(self._watch(channel, state))
        return channel

    async def _unreachable(self, message: str, channel: grpc.aio.Channel | None) -> ServerError:
        """The error of an attempt to connect, with the cause where gRPC tells it. Discards the channel."""
        cause = await _cause(channel) if channel else None
        self._discard()
        if cause:
            message = f"{message}: {cause.rstrip('.')}"
        return ServerError(StatusCode.UNAVAILABLE, f"{message}. {_ADVICE}", retryable=True)

    def _watch(self, channel: grpc.aio.Channel, state: ChannelConnectivity) -> asyncio.Task[ChannelConnectivity]:
        """Ends when the channel has another state, and returns it. It is not cancelled: it ends with its channel."""
        watch = asyncio.create_task(_next_state(channel, state), name="connection's state")
        self._watching.add(watch)
        watch.add_done_callback(self._watching.discard)
        return watch

    async def _opened(self) -> grpc.aio.Channel:
        if self._tls is None:
            return open_channel(self._target)
        try:
            # Files may be on a slow disk.
            channel_credentials = await asyncio.to_thread(self._tls.channel_credentials)
        except OSError as error:
            raise ServerError(StatusCode.UNAVAILABLE, f"A file of TLS is unreadable: {error}", retryable=True) from None
        return open_channel(self._target, channel_credentials)

    def _discard(self) -> None:
        """Close the channel once its calls have ended; the next one reads the files of TLS again."""
        if self._channel:
            closing = asyncio.create_task(_closed(self._channel, self._calls), name="connection's end")
            self._discarded[closing] = self._channel
            closing.add_done_callback(self._discarded.pop)
        self._channel, self._calls = None, set()


def is_cancelled() -> bool:
    """Whether the running task is to end: a CancelledError of what it waits for may have another cause."""
    task = asyncio.current_task()
    return bool(task and task.cancelling())


def needs_credential(error: ServerError) -> bool:
    """Whether another key may help."""
    if error.code is StatusCode.UNAUTHENTICATED:
        return not error.is_foreign
    return error.code is StatusCode.PERMISSION_DENIED and error.reason == "KEY_REPLACED"


async def _next_state(channel: grpc.aio.Channel, state: ChannelConnectivity) -> ChannelConnectivity:
    await channel.wait_for_state_change(state)
    return channel.get_state(try_to_connect=True)


async def _closed(channel: grpc.aio.Channel, calls: set[asyncio.Future[None]]) -> None:
    """Close a channel after its calls. With a grace period of its own, a channel could not be closed before that is over."""
    if calls:
        await asyncio.wait(calls, timeout=GRACE_SECONDS)
    await channel.close()


async def _cause(channel: grpc.aio.Channel) -> str | None:
    """Why the channel could not connect; None where nothing is known."""
    if channel.get_state() is not ChannelConnectivity.TRANSIENT_FAILURE:
        return None
    probe: Any = channel.unary_unary(_PROBE)
    try:
        await probe(b"", timeout=_PROBE_SECONDS)
    except grpc.aio.AioRpcError as error:
        return error.details() if error.code() is StatusCode.UNAVAILABLE else None
    return None


def _content(path: Path | str | None) -> bytes | None:
    return Path(path).read_bytes() if path else None

"""Connections to a server: the channel, the credentials, and the pauses between attempts."""

import math
import random

import grpc

LARGEST_ANSWER = 64 * 1024 * 1024
OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # Detects within 40 seconds that the peer has vanished without closing the connection.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Pings go on for as long as a call is open, also where it is silent: NATs of mobile networks forget silent connections.
    ("grpc.http2.max_pings_without_data", 0),
    # The timeout above applies to connections that accept no data. The default of this one is a minute.
    ("grpc.http2.ping_timeout_ms", 10_000),
    # Channels that share a connection share its reconnect pauses too.
    ("grpc.use_local_subchannel_pool", 1),
    # The default is 4 MiB. A larger answer would end its call with an error that looks like one about a batch.
    ("grpc.max_receive_message_length", LARGEST_ANSWER),
    # The program states the way to the server. A proxy of the environment is often meant for other programs.
    ("grpc.enable_http_proxy", 0),
)


def open_channel(target: str, tls: grpc.ChannelCredentials | None = None) -> grpc.aio.Channel:
    """A channel to host:port, for the running loop. It reconnects when a connection breaks. tls: None: without TLS."""
    if tls is None:
        return grpc.aio.insecure_channel(target, OPTIONS)
    return grpc.aio.secure_channel(target, tls, OPTIONS)


def credentials(api_key: str = "", token: str = "") -> tuple[tuple[str, str], ...]:
    """Metadata with a device's key, with the token of a gateway or a person, or without either."""
    key = (("x-api-key", api_key),) if api_key else ()
    bearer = (("authorization", f"Bearer {token}"),) if token else ()
    return (*key, *bearer)


class Backoff:
    """Pauses that double from `first` to `longest` seconds, shortened at random so that a fleet does not return at once."""

    def __init__(self, first: float = 0.2, longest: float = 30.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def reset(self) -> None:
        """Begin with the first pause again, after a success."""
        self._failures = 0

    def delay(self, at_least: float | None) -> float:
        """Seconds to wait after another failure. at_least: the server's retry delay, which is added in full."""
        # The exponent is bounded, because a float cannot hold a larger power.
        highest = min(math.ldexp(self._first, min(self._failures, 60)), self._longest)
        self._failures += 1
        return (at_least or 0.0) + highest * random.uniform(0.5, 1.0)  # noqa: S311

"""The way to a server, and what is shown there."""

import grpc

OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A peer that vanished without a word is noticed within 40 seconds.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Connections shared with other channels of the process would share their waits as well.
    ("grpc.use_local_subchannel_pool", 1),
)


def open_channel(target: str) -> grpc.aio.Channel:
    """A channel to host:port without TLS, for the running loop; it connects anew when a connection breaks."""
    return grpc.aio.insecure_channel(target, OPTIONS)


def credentials(api_key: str = "", token: str = "") -> tuple[tuple[str, str], ...]:
    """Metadata that show a device's key, or the token of a gateway or a person, or nothing."""
    key = (("x-api-key", api_key),) if api_key else ()
    bearer = (("authorization", f"Bearer {token}"),) if token else ()
    return (*key, *bearer)

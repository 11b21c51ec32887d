"""Whose calls share a limit, and the address that identifies an anonymous caller."""

from collections.abc import Mapping
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from iotflow.client_addresses import FORWARDED_HEADER, SECRET_HEADER
from iotflow.words import Role
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import LimitExceeded
from iotflow_server.interceptors.call_context import PeerAddresses, set_principal, with_principal
from iotflow_server.interceptors.rate_limits import RateLimits
from iotflow_server.interceptors.stream_limits import StreamLimit, StreamLimits
from iotflow_server.interceptors.token_buckets import LocalBuckets

SECRET = "envoy's"


def context(
    principal: Principal | None = None, *, peer: str = "ipv4:192.0.2.1:5000", metadata: Mapping[str, str] | None = None
) -> Any:
    """The context of a call."""
    given = tuple((metadata or {}).items())
    made = with_principal(SimpleNamespace(peer=lambda: peer, invocation_metadata=lambda: given))  # type: ignore[arg-type]
    if principal:
        set_principal(made, principal)
    return made


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (Principal(Role.DEVICE, "device:1"), Principal(Role.DEVICE, "device:1"), True),
        (Principal(Role.DEVICE, "device:1"), Principal(Role.DEVICE, "device:2"), False),
        (Principal(Role.VIEWER, "token:a", address="1"), Principal(Role.VIEWER, "token:a", address="2"), True),
        (
            Principal(Role.ANONYMOUS, "anonymous", address="1"),
            Principal(Role.ANONYMOUS, "anonymous", address="1"),
            True,
        ),
        (
            Principal(Role.ANONYMOUS, "anonymous", address="1"),
            Principal(Role.ANONYMOUS, "anonymous", address="2"),
            False,
        ),
    ],
)
async def test_callers_share_a_limit_by_their_name_and_anonymous_ones_by_their_address(
    first: Principal, second: Principal, shared: bool
) -> None:
    limit = RateLimits(LocalBuckets(1)).wrap("/method", None)  # type: ignore[arg-type]
    async with limit(None, context(first)):
        pass
    if shared:
        with pytest.raises(LimitExceeded) as refusal:
            async with limit(None, context(second)):
                pass
        assert refusal.value.reason == "RATE_LIMIT"
    else:
        async with limit(None, context(second)):
            pass


@pytest.mark.parametrize("role", list(Role))
async def test_only_gateways_are_exempt_from_the_limit_of_calls(role: Role) -> None:
    limit = RateLimits(LocalBuckets(1)).wrap("/method", None)  # type: ignore[arg-type]
    caller = context(Principal(role, "caller", address="caller"))
    async with limit(None, caller):
        pass
    with nullcontext() if role is Role.GATEWAY else pytest.raises(LimitExceeded):
        async with limit(None, caller):
            pass


@pytest.mark.parametrize("role", list(Role))
async def test_only_gateways_are_exempt_from_the_limit_of_streams(role: Role) -> None:
    one = StreamLimit("STREAMS", "streams", 1, "SETTING")
    limit = StreamLimits({}, one).wrap("/method", SimpleNamespace(response_streaming=True))  # type: ignore[arg-type]
    assert limit
    caller = context(Principal(role, "caller", address="caller"))
    async with limit(None, caller):
        with nullcontext() if role is Role.GATEWAY else pytest.raises(LimitExceeded, match="at most 1 streams"):
            async with limit(None, caller):
                pass


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:192.0.2.1:5000", "ipv4:192.0.2.1"),
        ("ipv6:%5B2001:db8:1:2::9%5D:5000", "ipv6:20010db800010002"),
        ("ipv6:%5B::ffff:192.0.2.1%5D:5000", "192.0.2.1"),
        ("unix:", "unix"),
    ],
)
def test_the_address_of_a_direct_call_is_its_peers_without_the_port_and_of_ipv6_the_network(
    peer: str, address: str
) -> None:
    assert PeerAddresses(SECRET).of(context(peer=peer)) == address


@pytest.mark.parametrize(
    ("secret", "metadata", "address"),
    [
        (SECRET, {SECRET_HEADER: SECRET, FORWARDED_HEADER: "198.51.100.7"}, "198.51.100.7"),
        (SECRET, {SECRET_HEADER: SECRET, FORWARDED_HEADER: "forged, 198.51.100.7"}, "198.51.100.7"),
        (SECRET, {SECRET_HEADER: SECRET, FORWARDED_HEADER: "2001:db8:1:2::9"}, "ipv6:20010db800010002"),
        (SECRET, {FORWARDED_HEADER: "198.51.100.7"}, "ipv4:192.0.2.1"),
        (SECRET, {SECRET_HEADER: "guessed", FORWARDED_HEADER: "198.51.100.7"}, "ipv4:192.0.2.1"),
        (SECRET, {SECRET_HEADER: SECRET}, "ipv4:192.0.2.1"),
        ("", {SECRET_HEADER: "", FORWARDED_HEADER: "198.51.100.7"}, "ipv4:192.0.2.1"),
    ],
)
def test_a_forwarded_address_counts_only_with_the_secret_of_envoy(
    secret: str, metadata: dict[str, str], address: str
) -> None:
    assert PeerAddresses(secret).of(context(metadata=metadata)) == address

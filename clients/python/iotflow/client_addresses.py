"""The address by which a client is counted: its own, or the one that Envoy forwards. Addresses of one IPv6 network count as one."""

import secrets
import socket

# Envoy sets both headers and removes those of callers: the proof that a request came through Envoy, and the address of its peer.
SECRET_HEADER, FORWARDED_HEADER = "x-iotflow-envoy", "x-forwarded-for"
# The part of an IPv6 address that networks assign. A client chooses the rest itself, so it must not tell clients apart.
NETWORK_BYTES = 8
# Begins an IPv4 address that is written as one of IPv6.
_MAPPED = bytes(10) + b"\xff\xff"


def forwarded_network(forwarded: str, shown: str, secret: str) -> str:
    """The network of the address that Envoy forwards; empty if there is none, or if the secret that was shown is not Envoy's.

    forwarded, shown: the values of FORWARDED_HEADER and SECRET_HEADER. secret: Envoy's; empty: no forwarded address counts.
    """
    if forwarded and secret and secrets.compare_digest(shown.encode(), secret.encode()):
        return network(forwarded.rsplit(",", 1)[-1].strip())
    return ""


def network(address: str) -> str:
    """The network of an IPv6 address, with 64 bits; any other address unchanged."""
    if address.count(":") < 2:
        return address
    plain = address.removeprefix("ipv6:").strip("[]").partition("%")[0]
    try:
        packed = socket.inet_pton(socket.AF_INET6, plain)
    except OSError:
        return address
    if packed.startswith(_MAPPED):
        return socket.inet_ntop(socket.AF_INET, packed.removeprefix(_MAPPED))
    return f"ipv6:{packed[:NETWORK_BYTES].hex()}"

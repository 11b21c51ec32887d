"""The form of a target: host:port."""

import re
from contextlib import suppress
from ipaddress import AddressValueError, IPv6Address

from grpc import StatusCode

from iotflow.errors import ServerError

LARGEST_PORT = 65_535
# A name or an IPv4 address, or an IPv6 address in brackets.
_FORM = re.compile(r"(?:[A-Za-z0-9_.-]+|\[([0-9A-Fa-f:.]+)\]):([0-9]{1,5})")


def checked_target(target: str) -> str:
    """The target. Raises ServerError INVALID_ARGUMENT where it is not host:port, because no later attempt can succeed."""
    form = _FORM.fullmatch(target)
    if form and 0 < int(form[2]) <= LARGEST_PORT and (form[1] is None or _is_ipv6(form[1])):
        return target
    raise ServerError(
        StatusCode.INVALID_ARGUMENT,
        f'The target "{target}" is not host:port, such as iot.example.com:50051 or [2001:db8::1]:50051. '
        f"The port is 1 to {LARGEST_PORT}, and there is no scheme such as http://.",
        field="target",
    )


def _is_ipv6(text: str) -> bool:
    with suppress(AddressValueError):
        return bool(IPv6Address(text))
    return False

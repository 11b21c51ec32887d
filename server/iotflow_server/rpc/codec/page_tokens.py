"""Pages that are ordered by id or by name, and their opaque tokens."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeVar

from google.protobuf.message import Message

from iotflow.readings import EXACT
from iotflow_server.errors import InvalidArgument

DEFAULT_SIZE = 100
# gRPC clients accept messages of up to 4 MiB by default.
MOST_BYTES = 2**20
ID, NAME = b"id:", b"name:"

Item = TypeVar("Item", bound=Message)


class Paged(Protocol):
    """A request for a page."""

    page_size: int

    def HasField(self, field_name: Literal["page_size"], /) -> bool: ...  # noqa: N802


def size_of(request: Paged, default: int = DEFAULT_SIZE) -> int:
    """The requested number of items of a page."""
    return request.page_size if request.HasField("page_size") else default


def first_page(found: Sequence[Item], size: int, token: Callable[[Item], str]) -> tuple[Sequence[Item], str]:
    """At most `size` items that fit into one response, and the token of the next page; empty: this page is the last one.

    found: one item more than `size` where there are so many. token: of the page that follows an item.
    """
    page = found[: _fitting_count(found[:size])]
    return page, token(page[-1]) if len(page) < len(found) else ""


def _fitting_count(page: Sequence[Message]) -> int:
    """The number of leading items that fit into one response, at least one."""
    total = 0
    for count, message in enumerate(page):
        total += message.ByteSize()
        if total > MOST_BYTES and count:
            return count
    return len(page)


def token_of(last_id: int) -> str:
    """The token of the page that follows this id."""
    return _token(ID, str(last_id))


def token_of_name(last_name: str) -> str:
    """The token of the page that follows this name."""
    return _token(NAME, last_name)


def after_id(token: str) -> int:
    """The id that the page follows; 0 for the first page. Raises InvalidArgument."""
    if not token:
        return 0
    text = _content(ID, token)
    if not (text.isdecimal() and text.isascii() and 0 < len(text) <= len(str(EXACT)) and 0 < int(text) <= EXACT):
        raise _invalid_token()
    return int(text)


def after_name(token: str) -> str:
    """The name that the page follows; empty for the first page. Raises InvalidArgument."""
    return _content(NAME, token) if token else ""


def _token(kind: bytes, last: str) -> str:
    return base64.urlsafe_b64encode(kind + last.encode()).decode().rstrip("=")


def _content(kind: bytes, token: str) -> str:
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        if content.startswith(kind):
            return content.removeprefix(kind).decode()
    except (ValueError, binascii.Error):
        pass
    raise _invalid_token()


def _invalid_token() -> InvalidArgument:
    return InvalidArgument("page_token", "The token is invalid. Pass the next_page_token of the preceding page.")

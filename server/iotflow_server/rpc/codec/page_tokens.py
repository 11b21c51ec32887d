"""Opaque tokens of pages that go by id."""

import base64
import binascii
from collections.abc import Sequence
from typing import Literal, Protocol

from google.protobuf.message import Message

from iotflow_server.errors import InvalidArgument

DEFAULT_SIZE = 100
# Callers take 4 MiB at a time unless they say otherwise.
MOST_BYTES = 2**20


class Paged(Protocol):
    """A request for a page."""

    page_size: int

    def HasField(self, field_name: Literal["page_size"], /) -> bool: ...  # noqa: N802


def size_of(request: Paged) -> int:
    """How long a page is asked for."""
    return request.page_size if request.HasField("page_size") else DEFAULT_SIZE


def fitting(page: Sequence[Message], most: int = MOST_BYTES) -> int:
    """How many of them, from the first on, fit into one answer; one does always."""
    total = 0
    for count, message in enumerate(page):
        total += message.ByteSize()
        if total > most and count:
            return count
    return len(page)


def token_of(last_id: int) -> str:
    """The token of the page behind this id."""
    return base64.urlsafe_b64encode(b"id:%d" % last_id).decode().rstrip("=")


def place(token: str) -> int:
    """The id behind which the page begins; 0 for the first. Raises InvalidArgument."""
    if not token:
        return 0
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        if content.startswith(b"id:") and 0 < (found := int(content[3:])) < 2**31:
            return found
    except (ValueError, binascii.Error):
        pass
    raise InvalidArgument("page_token", "not a token that an earlier page gave")

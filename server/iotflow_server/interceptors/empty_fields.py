"""Fields that a request gives an empty value: they stand in its bytes, and the parsed message does not show them."""

from contextvars import ContextVar

from google.protobuf.message import Message

# A longer request has fields with values.
LONGEST = 500

_content: ContextVar[bytes] = ContextVar("content", default=b"")


def keep(content: bytes) -> None:
    """The bytes of the request under way."""
    _content.set(content if len(content) <= LONGEST else b"")


def has_empty_fields(request: Message) -> bool:
    """Whether the request under way came with more than the message shows."""
    return len(_content.get()) > request.ByteSize()

"""Fields with an empty value in a request: present in its bytes, absent from the parsed message."""

from contextvars import ContextVar

from google.protobuf.message import Message

# Longer requests have fields with values, and their bytes are not kept.
LONGEST = 500

_content: ContextVar[bytes] = ContextVar("content", default=b"")


def keep(content: bytes) -> None:
    """Keep the bytes of the current request."""
    _content.set(content if len(content) <= LONGEST else b"")


def has_empty_fields(request: Message) -> bool:
    """Whether the bytes of the current request hold more fields than the message."""
    return len(_content.get()) > request.ByteSize()

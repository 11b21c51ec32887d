"""The codes with which connections are closed."""

from enum import IntEnum

from iotflow.errors import ServerError

# The limit of a close frame is 123 bytes.
_REASON_BYTES = 120


class CloseCode(IntEnum):
    """Codes of RFC 6455, and those from 4000 on, which are for applications."""

    POLICY_VIOLATION = 1008
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    LOGIN_REJECTED = 4401
    TOO_MANY_CONNECTIONS = 4429


class Closing(Exception):
    """The connection is to be closed. code: a CloseCode. reason: a sentence, which is cut to fit into a close frame."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_REASON_BYTES].decode(errors="ignore")


def login_rejected(error: ServerError) -> Closing:
    """The end of a connection whose credential the server does not accept, or no longer."""
    return Closing(CloseCode.LOGIN_REJECTED, f"{error.reason or error.code.name}: {error.message}")

"""Why a message is not taken."""


class Refused(Exception):
    """reason: a word for programs; message: a sentence for people; field: where in the payload; retryable: whether the same
    message may be taken later."""

    def __init__(self, reason: str, message: str, *, field: str = "", retryable: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.retryable = retryable

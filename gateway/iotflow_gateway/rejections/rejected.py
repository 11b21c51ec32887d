"""A rejected message."""


class Rejected(Exception):
    """reason: a code for programs. message: a sentence for people. index: position of the reading in the payload, if it is known.
    field: path within the reading, or within the payload. retryable: whether the same message may be accepted later. is_notice:
    nothing is rejected, and the device is informed of a change to its data."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        field: str = "",
        index: int | None = None,
        retryable: bool = False,
        is_notice: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.index = index
        self.retryable = retryable
        self.is_notice = is_notice

    @property
    def path(self) -> str:
        """Index and field in one text: [3].data.t."""
        if self.index is None:
            return self.field
        return f"[{self.index}].{self.field}" if self.field else f"[{self.index}]"

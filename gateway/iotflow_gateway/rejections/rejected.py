"""Why a message is not taken."""


class Rejected(Exception):
    """reason: a word for programs; message: a sentence for people; index: which reading of the payload, where it is known; field:
    where in that, or in the payload; retryable: whether the same message may be taken later; is_notice: nothing is refused, yet
    the device must know of it."""

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
    def place(self) -> str:
        """Index and field, as the device is told: [3].data.t."""
        if self.index is None:
            return self.field
        return f"[{self.index}].{self.field}" if self.field else f"[{self.index}]"

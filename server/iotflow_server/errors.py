"""What the domain refuses, in its own words; interceptors/errors.py alone turns these into statuses."""

from collections.abc import Sequence


class DomainError(Exception):
    """A request that is not carried out.

    reason: a word for programs, UPPER_SNAKE_CASE. message: a sentence for people, free of secrets and of drivers' words.
    field: the request field at fault, where there is one. retry_after: seconds until a retry makes sense; None: a retry
    of the same request will not help.
    """

    def __init__(self, reason: str, message: str, *, field: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.retry_after = retry_after


class InvalidArgument(DomainError):
    """A field holds what it must not; nothing was stored."""

    def __init__(
        self, field: str, message: str, reason: str = "INVALID_ARGUMENT", others: Sequence[tuple[str, str]] = ()
    ) -> None:
        is_named = not field or message.startswith((f"{field} ", f"{field}: "))
        super().__init__(reason, message if is_named else f"{field}: {message}", field=field)
        self.violations = ((field, message), *others)


class Unauthenticated(DomainError):
    """No credential, or a wrong one."""


class PermissionDenied(DomainError):
    """A known caller asks for what is not theirs."""


class NotFound(DomainError):
    """There is no such thing."""


class AlreadyExists(DomainError):
    """The name is taken."""


class FailedPrecondition(DomainError):
    """The thing is in a state that does not allow this."""


class VersionConflict(DomainError):
    """Somebody else changed it in between."""


class LimitExceeded(DomainError):
    """Too much for now; retry_after says when."""


class Unavailable(DomainError):
    """A part is away; nothing was acknowledged, and retry_after says when to try again."""

    def __init__(self, reason: str, message: str, retry_after: float = 1.0) -> None:
        super().__init__(reason, message, retry_after=retry_after)


class NotImplementedYet(DomainError):
    """The contract has it, this version does not."""


class InternalError(DomainError):
    """A fault of the server's own; what it was is in the log and nowhere else."""

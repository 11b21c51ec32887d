"""Errors of the domain. Only interceptors/errors.py converts them to statuses."""

from collections.abc import Sequence


class DomainError(Exception):
    """A request that is rejected.

    reason: for programs, in UPPER_SNAKE_CASE. message: a sentence for operators, without secrets and without messages of
    drivers. field: the invalid request field, if any. retry_after: seconds until a retry may succeed; None: a retry of the
    same request cannot succeed.
    """

    def __init__(self, reason: str, message: str, *, field: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.retry_after = retry_after


class InvalidArgument(DomainError):
    """A field has an invalid value; nothing was stored."""

    def __init__(
        self, field: str, message: str, reason: str = "INVALID_ARGUMENT", others: Sequence[tuple[str, str]] = ()
    ) -> None:
        is_named = not field or message.startswith((f"{field} ", f"{field}: "))
        super().__init__(reason, message if is_named else f"{field}: {message}", field=field)
        self.violations = ((field, message), *others)


class Unauthenticated(DomainError):
    """The credential is missing or invalid."""


class PermissionDenied(DomainError):
    """The caller is authenticated but not authorized."""


class NotFound(DomainError):
    """The resource does not exist."""


class AlreadyExists(DomainError):
    """Another resource has this name."""


class FailedPrecondition(DomainError):
    """The state of the resource does not allow the operation."""


class VersionConflict(DomainError):
    """A concurrent change created a newer version."""


class LimitExceeded(DomainError):
    """A limit is exceeded; see retry_after."""


class Unavailable(DomainError):
    """A component is unavailable; nothing was acknowledged. See retry_after."""

    def __init__(self, reason: str, message: str, retry_after: float = 1.0) -> None:
        super().__init__(reason, message, retry_after=retry_after)


class NotImplementedYet(DomainError):
    """The contract defines it, but this version does not implement it."""


class InternalError(DomainError):
    """A defect of the server; only the log has the details."""


# Stands for every exception that is no DomainError.
INTERNAL = InternalError("INTERNAL", "The server failed with an internal error; its log has the details.")

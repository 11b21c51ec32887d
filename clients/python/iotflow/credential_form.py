"""The form of keys and tokens."""

import re

from grpc import StatusCode

from iotflow.errors import ServerError

LONGEST_KEY = 128
LONGEST_TOKEN = 4_096
_FORM = re.compile(r"[!-~]+")


def checked_key(key: str) -> str:
    """The key of a device. Raises ServerError INVALID_ARGUMENT where no key has this form, because no call could succeed."""
    return _checked(key, "api_key", LONGEST_KEY)


def checked_token(token: str) -> str:
    """The token of a gateway or a person. Raises ServerError as checked_key() does."""
    return _checked(token, "token", LONGEST_TOKEN)


def _checked(credential: str, field: str, longest: int) -> str:
    if len(credential) <= longest and _FORM.fullmatch(credential):
        return credential
    # Without the credential itself: errors are shown and logged.
    raise ServerError(
        StatusCode.INVALID_ARGUMENT,
        f"The {field} is not 1 to {longest:,} printable ASCII characters without spaces. "
        "Leave out the newline of a file from which it was read.",
        field=field,
    )

"""What a browser of this machine reaches for a page of another site."""

import re
from collections.abc import Iterable

from iotflow.words import Role
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import Unauthenticated

# A gateway that only this machine reaches says by which name it was asked for; a name that was made to lead here
# (DNS rebinding) is not one of these.
HOST_HEADER, PAGE_HEADER = "x-iotflow-host", "origin"
LOCAL = r"(([\w-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])\.?(:\d+)?"
LOCAL_HOST = re.compile(LOCAL, re.IGNORECASE)
LOCAL_PAGE = re.compile(f"https?://{LOCAL}", re.IGNORECASE)


def check_site(principal: Principal, metadata: Iterable[tuple[str, str | bytes]]) -> None:
    """Raise Unauthenticated where a page of another site, or one under another site's name, asks without a credential.

    A browser that runs on this machine reaches what is open to this machine, for whatever page it shows.
    """
    if principal.role is not Role.ANONYMOUS:
        return
    for name, value in metadata:
        if name == PAGE_HEADER and value and not LOCAL_PAGE.fullmatch(str(value)):
            raise Unauthenticated("CREDENTIAL_REQUIRED", f"A page of {str(value)[:100]} must show a credential.")
        if name == HOST_HEADER and value and not LOCAL_HOST.fullmatch(str(value)):
            raise Unauthenticated(
                "CREDENTIAL_REQUIRED",
                f"Under the name {str(value)[:100]} a credential must be shown; this machine's own name is localhost.",
            )

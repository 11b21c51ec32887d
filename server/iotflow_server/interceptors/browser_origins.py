"""Protection against pages of other sites in a browser of this machine."""

import re
from collections.abc import Iterable

from iotflow.words import Role
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import Unauthenticated

# Envoy adds the host name of the request where it listens on the loopback address only. A name that an attacker resolves to
# this address (DNS rebinding) does not match.
HOST_HEADER, PAGE_HEADER = "x-iotflow-host", "origin"
LOCAL = r"(([\w-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])\.?(:\d+)?"
LOCAL_HOST = re.compile(LOCAL, re.IGNORECASE)
LOCAL_PAGE = re.compile(f"https?://{LOCAL}", re.IGNORECASE)


def check_site(principal: Principal, metadata: Iterable[tuple[str, str | bytes]]) -> None:
    """Raise Unauthenticated if a page of another origin, or a request under another host name, has no credential.

    A browser on this machine reaches the loopback address on behalf of every page that it shows.
    """
    if principal.role is not Role.ANONYMOUS:
        return
    for name, value in metadata:
        if name == PAGE_HEADER and value and not LOCAL_PAGE.fullmatch(str(value)):
            raise Unauthenticated("CREDENTIAL_REQUIRED", f"A page of {str(value)[:100]} must send a credential.")
        if name == HOST_HEADER and value and not LOCAL_HOST.fullmatch(str(value)):
            raise Unauthenticated(
                "CREDENTIAL_REQUIRED",
                f"A request to {str(value)[:100]} requires a credential; use the name localhost, or send one.",
            )

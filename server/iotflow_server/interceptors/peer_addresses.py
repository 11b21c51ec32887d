"""The address from which a call comes."""

import secrets

from iotflow_server.interceptors.middleware import Context

# Envoy sets both headers and removes those of callers: the proof that a call came through Envoy, and the address of its peer.
SECRET_HEADER, FORWARDED_HEADER = "x-iotflow-envoy", "x-forwarded-for"


class PeerAddresses:
    """envoy_secret: the secret that Envoy sends with each call. Only then is the forwarded address used. Empty: never."""

    def __init__(self, envoy_secret: str) -> None:
        self._secret = envoy_secret.encode()

    def of(self, context: Context) -> str:
        """The caller's address, without a port."""
        shown = forwarded = ""
        for name, value in context.invocation_metadata() or ():
            if name == SECRET_HEADER:
                shown = str(value)
            elif name == FORWARDED_HEADER:
                forwarded = str(value)
        if forwarded and self._secret and secrets.compare_digest(shown.encode(), self._secret):
            return forwarded.rsplit(",", 1)[-1].strip()
        return context.peer().rsplit(":", 1)[0]

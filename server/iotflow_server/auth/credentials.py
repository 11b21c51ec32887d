"""Device keys and secrets: their generation, their hashes, which alone are stored, and rules for chosen ones."""

import base64
import hashlib
import secrets
import string
from itertools import chain, islice

# Of a secret that an operator chooses.
SHORTEST, FEWEST_DIFFERENT = 16, 6
ALPHABET = string.ascii_letters + string.digits
# Of the hashes for MQTT brokers. Passwords need thousands of iterations, so that guessing is slow; Mosquitto's own tool uses
# 101. A key has at least 24 random letters and digits and cannot be guessed. One iteration keeps registrations cheap, and the
# reconnection of a whole fleet.
_ITERATIONS = 1
_SALT_BYTES = 12


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


def mosquitto_verifier(key: str) -> str:
    """`$7$<iterations>$<base64 salt>$<base64 PBKDF2-HMAC-SHA512>`: the hash of a device key in Mosquitto's password files."""
    salt = secrets.token_bytes(_SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", key.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


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

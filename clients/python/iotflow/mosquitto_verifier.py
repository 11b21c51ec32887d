"""The hash of a device key or token in Mosquitto's password files."""

import base64
import hashlib
import secrets
from collections.abc import Sequence

# Passwords need thousands of iterations, so that guessing is slow; Mosquitto's own tool uses 101. A key or a token has at least 24
# random letters and digits and cannot be guessed. One iteration keeps registrations cheap, and the reconnection of a whole fleet.
_ITERATIONS = 1
_SALT_BYTES = 12


def mosquitto_verifier(key: str, salt: bytes = b"") -> str:
    """`$7$<iterations>$<base64 salt>$<base64 PBKDF2-HMAC-SHA512>`. salt: empty: a random one of 12 bytes."""
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", key.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


def mosquitto_verifiers(keys: Sequence[str]) -> list[str]:
    """As mosquitto_verifier, for many keys at once: random bytes cost a call of the system."""
    salts = secrets.token_bytes(_SALT_BYTES * len(keys))
    return [
        mosquitto_verifier(key, salts[place * _SALT_BYTES : (place + 1) * _SALT_BYTES])
        for place, key in enumerate(keys)
    ]

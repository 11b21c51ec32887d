"""Passwords as Mosquitto's files have them."""

import base64
import hashlib
import secrets

# The adapter's password is a token: pure chance, which nobody guesses however fast.
ITERATIONS, SALT_BYTES = 1, 12


def verifier(password: str) -> str:
    """`$7$<iterations>$<base64 salt>$<base64 PBKDF2-HMAC-SHA512>`."""
    salt = secrets.token_bytes(SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"

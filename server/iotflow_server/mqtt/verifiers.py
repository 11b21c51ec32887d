"""Keys of devices in a form that brokers check passwords by."""

import base64
import hashlib
import secrets

# A password needs thousands, so that guessing is slow; Mosquitto's own tool takes 101. A key is at least 24 letters and digits
# of pure chance, which nobody guesses however fast: one keeps registrations, and a fleet that connects all at once, cheap.
ITERATIONS = 1
SALT_BYTES = 12


def mosquitto_verifier(key: str) -> str:
    """`$7$<iterations>$<base64 salt>$<base64 PBKDF2-HMAC-SHA512>`: what stands behind the name in Mosquitto's password files."""
    salt = secrets.token_bytes(SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", key.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"

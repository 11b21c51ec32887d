"""Password hashes of device keys for MQTT brokers."""

import base64
import hashlib
import secrets

# Passwords need thousands of iterations, so that guessing is slow; Mosquitto's own tool uses 101. A key has at least 24 random
# letters and digits and cannot be guessed. One iteration keeps registrations cheap, and the reconnection of a whole fleet.
ITERATIONS = 1
SALT_BYTES = 12


def mosquitto_verifier(key: str) -> str:
    """`$7$<iterations>$<base64 salt>$<base64 PBKDF2-HMAC-SHA512>`: the hash in Mosquitto's password files."""
    salt = secrets.token_bytes(SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", key.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"

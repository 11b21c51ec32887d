"""Secrets that the first start generates in the data folder."""

import os
import secrets
from pathlib import Path

from iotflow_server.auth.credentials import weakness
from iotflow_server.process import CannotStart

ADMIN_TOKEN = "admin-token"  # noqa: S105
GATEWAY_TOKEN = "gateway-token"  # noqa: S105
KEY_SECRET = "key-secret"  # noqa: S105


class WeakSecret(CannotStart):
    """A secret that is easy to guess."""


def kept_secret(folder: Path, name: str) -> str:
    """The secret in this file, which is generated if absent, with mode 0600. After a crash the file is complete or absent."""
    path = folder / name
    if not path.exists():
        _write(path, secrets.token_urlsafe(32))
    secret = path.read_bytes().decode(errors="replace").strip()
    if problem := weakness(secret):
        raise WeakSecret(f"The secret in {path} {problem}. Delete the file, and the next start makes a new one.")
    return secret


def _write(path: Path, secret: str) -> None:
    # A process id is not unique: containers that share the folder may have equal ones.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link fails if another process has created the file.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

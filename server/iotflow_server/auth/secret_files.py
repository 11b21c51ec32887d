"""Secrets made on the first start and kept in the data folder."""

import os
import secrets
from pathlib import Path

from iotflow_server.auth.weak_secrets import weakness
from iotflow_server.process import CannotStart

ADMIN_TOKEN = "admin-token"  # noqa: S105
GATEWAY_TOKEN = "gateway-token"  # noqa: S105
KEY_SECRET = "key-secret"  # noqa: S105


class WeakSecret(CannotStart):
    """A secret that anyone could guess."""


def kept_secret(folder: Path, name: str) -> str:
    """The secret in this file, made now if there is none; mode 0600, whole or absent even after a crash."""
    path = folder / name
    if not path.exists():
        _write(path, secrets.token_urlsafe(32))
    secret = path.read_bytes().decode(errors="replace").strip()
    if why := weakness(secret):
        raise WeakSecret(f"The secret in {path} {why}. Delete the file, and the next start makes a new one.")
    return secret


def _write(path: Path, secret: str) -> None:
    # Not the process's id: in containers that share the folder, all may have the same.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link fails where another process was first.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

"""Replaces the default password of an IoTDB server."""

import contextlib
import os
import secrets
import time
from pathlib import Path

from iotflow_server.telemetry.stores.iotdb.session import IotdbAddress, IotdbSession, StatementFailed

USER, DEFAULT = "root", "root"
# IoTDB takes 4 to 32 characters.
_BYTES = 16
_SECONDS = 30.0


def replace_password(file: Path, port: int) -> None:
    """Set the password of the server on this port to the one in the file, which is made if it is missing. The file is written
    first, so that the password is known after an interruption."""
    password, deadline = _kept(file), time.monotonic() + _SECONDS
    while not _is_set(port, password):
        # The server accepts connections some time before it can check users.
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"IoTDB accepts neither the password in {file} nor its default password. "
                "Write the current password of IoTDB into the file."
            )
        time.sleep(0.1)


def _is_set(port: int, password: str) -> bool:
    """Whether the server has this password. Otherwise change the default password to it."""
    try:
        _login(port, password).close()
    except StatementFailed:
        _change(port, password)
        return False
    return True


def _change(port: int, password: str) -> None:
    with contextlib.suppress(StatementFailed), contextlib.closing(_login(port, DEFAULT)) as session:
        session.execute(f"ALTER USER {USER} SET PASSWORD '{password}'")


def _kept(file: Path) -> str:
    if not file.exists():
        draft = file.with_suffix(".draft")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as text:
            text.write(secrets.token_hex(_BYTES) + "\n")
            text.flush()
            os.fsync(text.fileno())
        draft.replace(file)
    return file.read_text().strip()


def _login(port: int, password: str) -> IotdbSession:
    address = IotdbAddress([f"127.0.0.1:{port}"], USER, password)
    return IotdbSession(address.nodes[0], address, _SECONDS, _SECONDS)

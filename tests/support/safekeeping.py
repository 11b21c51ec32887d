"""The commands of backups, and archives that tests change."""

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from tests.support.processes import IOTFLOW

PATIENCE = 120.0
LOCKS = ("safekeeping.lock", "server.lock", "up.lock")

Members = dict[str, bytes]


def iotflow(*arguments: str | Path, data: bytes = b"", env: Mapping[str, str] | None = None) -> "Done":
    """Run a command to its end."""
    done = subprocess.run(
        [IOTFLOW, *map(str, arguments)],
        input=data,
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, **(env or {})},
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())


class Done:
    """A command that has ended."""

    def __init__(self, code: int, output: bytes, errors: str) -> None:
        self.code = code
        self.output = output
        self.errors = errors

    def succeeded(self) -> "Done":
        """This command, which has succeeded."""
        assert self.code == 0, self.errors
        return self


def content_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder by name, without the locks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in LOCKS
    }


def members_of(backup: bytes) -> Members:
    """The members of a backup, in their order."""
    plain = pa.CompressedInputStream(io.BytesIO(backup), "zstd").read()
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return {member.name: content(archive, member) for member in archive}


def content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """The content of a member."""
    file = archive.extractfile(member)
    assert file
    return file.read()


def packed(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """A file with these members: contents, or members that are no files."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, data in members.items():
            if isinstance(data, tarfile.TarInfo):
                archive.addfile(data)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    compressed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(compressed, "zstd") as stream:
        stream.write(plain.getvalue())
    return bytes(compressed.getvalue())

"""Writes a backup as a stream."""

import hashlib
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from iotflow_cli.safekeeping import archive_format
from iotflow_cli.safekeeping.archive_format import DESCRIPTION, DIGEST, MANIFEST, Description, Part

_BLOCK = 2**20


class ArchiveWriter:
    """target: takes the compressed bytes, and is not closed. advance: takes numbers of bytes as they are added."""

    def __init__(self, target: BinaryIO, description: Description, advance: Callable[[int], None]) -> None:
        self._target = _Unclosed(target)
        self._compressed = pa.CompressedOutputStream(self._target, "zstd")
        self._tar = tarfile.open(  # noqa: SIM115 - see finish
            fileobj=self._compressed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_BLOCK
        )
        self._tar.copybufsize = _BLOCK  # type: ignore[attr-defined]
        self._description = description
        self._advance = advance
        self._parts: list[Part] = []
        self._add(DESCRIPTION, len(description.encoded()), BytesIO(description.encoded()))

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a part."""
        self._add_part(name, len(data), BytesIO(data))

    def add_file(self, path: Path) -> None:
        """Add a file, which does not change meanwhile, as the part of its name."""
        with path.open("rb") as file:
            self._add_part(path.name, path.stat().st_size, file)

    def finish(self) -> None:
        """Add the manifest, and write what is left. A backup without it is not complete."""
        manifest = archive_format.manifest(self._description, self._parts)
        self._add(MANIFEST, len(manifest), BytesIO(manifest))
        digest = hashlib.sha256(manifest).hexdigest().encode()
        self._add(DIGEST, len(digest), BytesIO(digest))
        self._tar.close()
        self._compressed.close()

    def abandon(self) -> None:
        """Write nothing more, and release the compression."""
        self._target.discard()
        self._tar.close()
        self._compressed.close()

    def _add_part(self, name: str, size: int, file: BinaryIO) -> None:
        hashed = _Hashed(file, self._advance)
        self._add(name, size, hashed)
        self._parts.append(Part(name, size, hashed.hexdigest()))

    def _add(self, name: str, size: int, file: "BinaryIO | _Hashed") -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, file)


class _Hashed:
    """Reads a file, and hashes what it reads."""

    def __init__(self, file: BinaryIO, advance: Callable[[int], None]) -> None:
        self._file = file
        self._advance = advance
        self._hash = hashlib.sha256()

    def read(self, size: int = _BLOCK, /) -> bytes:
        block = self._file.read(size)
        self._hash.update(block)
        self._advance(len(block))
        return block

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class _Unclosed:
    """A file that the compression does not close."""

    def __init__(self, file: BinaryIO) -> None:
        self.write: Callable[[bytes], int] = file.write
        self.closed = False

    def discard(self) -> None:
        """Take what is written from now on without writing it."""
        self.write = len

    def flush(self) -> None:
        """The end of the backup flushes the file itself."""

    def close(self) -> None:
        self.closed = True

"""Reads a backup as a stream, and checks it. Damage may be found after parts were read: they count only after verify()."""

import hashlib
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, BinaryIO

import pyarrow as pa

from iotflow_cli.safekeeping import archive_format
from iotflow_cli.safekeeping.archive_format import DESCRIPTION, DIGEST, MANIFEST, Part, UnusableBackup

_MAGIC = b"\x28\xb5\x2f\xfd"
_BLOCK = 2**20
# The description and the manifest, which are read as a whole. A part of records has some megabytes.
_MOST_BYTES = 256 * 2**20


class ArchiveReader:
    """version: of this service. secrets: names of the files with secrets. Raises UnusableBackup for a file that is no backup,
    and for one of a newer version."""

    def __init__(self, file: BinaryIO, version: str, secrets: Sequence[str]) -> None:
        self._secrets = secrets
        self._parts: list[Part] = []
        self._manifest = b""
        with _damage_named(is_start=True):
            head = _Head(file)
            if head.first != _MAGIC:
                raise _foreign()
            stream = pa.CompressedInputStream(head, "zstd")
            self._tar = tarfile.open(fileobj=stream, mode="r|", bufsize=_BLOCK)  # noqa: SIM115 - read by parts()
            self._members = iter(self._tar)
            member = next(self._members, None)
            if member is None or member.name != DESCRIPTION:
                raise _foreign()
            self.description = archive_format.description_in(self._content(member), version)

    def parts(self) -> Iterator["ArchivePart"]:
        """Yield the parts in their order; each must be read before the next one. Raises UnusableBackup."""
        digest = None
        while (member := self._next()) is not None:
            if member.name == MANIFEST:
                self._manifest = self._content(member)
            elif member.name == DIGEST:
                digest = self._content(member).decode(errors="replace")
            elif self._is_known(member.name) and not self._manifest:
                yield self._part(member)
            else:
                raise UnusableBackup(f"The backup has a part that no backup has: {member.name!r}.")
        if digest is None:
            raise UnusableBackup("The backup is cut off: its end is missing.")
        if digest != hashlib.sha256(self._manifest).hexdigest():
            raise UnusableBackup("The manifest of the backup is damaged.")

    def verify(self) -> None:
        """Compare all parts with the manifest. Called when all were read. Raises UnusableBackup."""
        stated = archive_format.parts_in(self._manifest, self.description)
        for expected, found in zip(stated, self._parts, strict=False):
            if expected != found:
                raise UnusableBackup(f"The part {expected.name} of the backup is damaged.")
        if len(stated) != len(self._parts):
            raise UnusableBackup("Parts of the backup are missing.")

    def _is_known(self, name: str) -> bool:
        return archive_format.is_known(name, self.description.store, self._secrets)

    def _part(self, member: tarfile.TarInfo) -> "ArchivePart":
        return ArchivePart(member.name, self._file(member), self._parts.append)

    def _next(self) -> tarfile.TarInfo | None:
        with _damage_named():
            return next(self._members, None)

    def _content(self, member: tarfile.TarInfo) -> bytes:
        with _damage_named():
            if member.size > _MOST_BYTES:
                raise UnusableBackup(f"{member.name} of the backup is damaged.")
            return self._file(member).read()

    def _file(self, member: tarfile.TarInfo) -> IO[bytes]:
        """The content of a member. A link would be that of another file."""
        content = self._tar.extractfile(member) if member.isreg() else None
        if content is None:
            raise UnusableBackup(f"The part {member.name!r} of the backup is no file.")
        return content


class ArchivePart:
    """One part; read once."""

    def __init__(self, name: str, content: IO[bytes], done: Callable[[Part], None]) -> None:
        self.name = name
        self._content = content
        self._done = done

    def blocks(self) -> Iterator[bytes]:
        """Yield the content. Raises UnusableBackup."""
        size, digest = 0, hashlib.sha256()
        while block := self._read():
            size += len(block)
            digest.update(block)
            yield block
        self._done(Part(self.name, size, digest.hexdigest()))

    def _read(self) -> bytes:
        with _damage_named():
            return self._content.read(_BLOCK)


class _Head:
    """A file whose first bytes were read to recognize it."""

    def __init__(self, file: BinaryIO) -> None:
        self.first = file.read(len(_MAGIC))
        self.closed = False
        self._file = file
        self._left = self.first

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left, self._left = self._left, b""
        return left + self._file.read(size - len(left) if size >= 0 else size) if size != 0 else b""

    def close(self) -> None:
        self.closed = True


@contextmanager
def _damage_named(*, is_start: bool = False) -> Iterator[None]:
    """Errors of the decompression and of tar are damage."""
    try:
        yield
    except (tarfile.TarError, EOFError, pa.ArrowException) as error:
        raise (_foreign() if is_start else _damaged(error)) from None
    except OSError as error:
        # Those of the system have a number.
        if error.errno is not None:
            raise
        raise (_foreign() if is_start else _damaged(error)) from None


def _foreign() -> UnusableBackup:
    return UnusableBackup("The file is not a backup of IoTFlow, or its beginning is damaged.", "NOT_A_BACKUP")


def _damaged(error: Exception) -> UnusableBackup:
    return UnusableBackup(f"The backup is damaged or cut off ({error}).")

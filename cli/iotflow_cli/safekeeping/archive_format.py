"""The format of a backup: a tar file, compressed with Zstandard, whose first member describes it and whose last ones prove it.

iotflow-backup.json   the format and what made the backup
registry.db …         the parts
manifest.json         the description again, and size and SHA-256 of each part
manifest.sha256       the SHA-256 of the manifest
"""

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError

FORMAT = 1
DESCRIPTION, MANIFEST, DIGEST = "iotflow-backup.json", "manifest.json", "manifest.sha256"
REGISTRY, TELEMETRY = "registry.db", "telemetry.db"
# Records of a journal: first the readings of IoTDB, then those that it may lack.
RECORDS, REJECTIONS = re.compile(r"journal/\d{8}", re.ASCII), "journal/rejections"
SQLITE, IOTDB = "sqlite", "iotdb"


class UnusableBackup(CommandError):
    """A file is no backup, or not one that can be restored."""

    def __init__(self, message: str, reason: str = "BACKUP_DAMAGED") -> None:
        super().__init__(f"{message} Nothing was changed.", ExitCode.FAILED, reason=reason)


@dataclass(frozen=True, slots=True)
class Description:
    """version: of the service. stamp: every reading acknowledged before it is in the backup. store: sqlite or iotdb. revision:
    of the registry's schema; empty: the backup has no registry. left_out: sentences on what the backup does not have."""

    version: str
    stamp: str
    store: str
    revision: str
    left_out: Sequence[str]
    format: int = FORMAT

    def encoded(self) -> bytes:
        """The JSON of the first member."""
        return _encoded(dataclasses.asdict(self))


@dataclass(frozen=True, slots=True)
class Part:
    """A part, as the manifest states it."""

    name: str
    size: int
    sha256: str


def description_in(data: bytes, version: str) -> Description:
    """The description of a backup. version: of this service. Raises UnusableBackup, also for a backup of a newer version."""
    content = _object(data)
    made_by = str(content.get("version", ""))[:40]
    if content.get("format", FORMAT) != FORMAT or _numbers(made_by) > _numbers(version):
        raise UnusableBackup(
            f"IoTFlow {made_by} made the backup, and this is IoTFlow {version}. Restore it with {made_by} or a later version.",
            "BACKUP_NEWER",
        )
    try:
        description = Description(**content)
    except TypeError:
        raise UnusableBackup("The description of the backup is not complete.") from None
    if not _is_valid(description):
        raise UnusableBackup("The description of the backup has values that no backup has.")
    return description


def manifest(description: Description, parts: Sequence[Part]) -> bytes:
    """The JSON of the manifest."""
    return _encoded({**dataclasses.asdict(description), "parts": [dataclasses.asdict(part) for part in parts]})


def parts_in(data: bytes, description: Description) -> list[Part]:
    """The parts that a manifest lists. Raises UnusableBackup."""
    content = _object(data)
    try:
        parts = [Part(**part) for part in content.pop("parts")]
    except (KeyError, TypeError):
        raise UnusableBackup("The manifest of the backup is not complete.") from None
    if content != json.loads(description.encoded()):
        raise UnusableBackup("The manifest belongs to another backup.")
    return parts


def is_known(name: str, store: str, secrets: Sequence[str]) -> bool:
    """Whether a part of this name may be in a backup of this store. secrets: names of the files with secrets."""
    if name in (REGISTRY, *secrets):
        return True
    return name == TELEMETRY if store == SQLITE else name == REJECTIONS or RECORDS.fullmatch(name) is not None


def _is_valid(description: Description) -> bool:
    texts = (description.version, description.stamp, description.revision)
    return (
        all(isinstance(text, str) for text in texts)
        and description.store in (SQLITE, IOTDB)
        and isinstance(description.left_out, list)
        and all(isinstance(sentence, str) for sentence in description.left_out)
    )


def _object(data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise UnusableBackup("The description of the backup is damaged.")
    return content


def _encoded(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=2).encode() + b"\n"


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]

"""Stubs of the clients in other languages than Python: python -m tools.client_stubs generate|check [language …].

`generate` runs `clients/<language>/generate.sh PROTOS STUBS`, which writes the stubs of the plain contract (see tools.protos) into
STUBS, and records two digests in `clients/<language>/stubs.json`: of the contract that they were made from, and of the stubs. `check`
compares these digests with the present contract and stubs, so it needs no toolchain of any language.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from tools import contract, protos, words

CLIENTS = contract.ROOT / "clients"
PROTOS = contract.ROOT / "build" / "protos"
# Where each language keeps what is generated.
STUBS = {
    "go": "iotflow/v1",
    "typescript": "src/gen",
    "java": "src/generated/java",
    "rust": "src/gen",
    "c": "stubs",
}


def generate(language: str) -> None:
    """Write the stubs, the constants and the digests."""
    folder = CLIENTS / language
    stubs = folder / STUBS[language]
    shutil.rmtree(stubs, ignore_errors=True)
    stubs.mkdir(parents=True)
    subprocess.run([folder / "generate.sh", PROTOS / "plain", stubs], cwd=folder, check=True)
    words.write(language)
    (folder / "stubs.json").write_text(json.dumps(digests(language), indent=2) + "\n")


def is_current(language: str) -> bool:
    """Whether the stubs are those that were made from the present contract."""
    recorded = CLIENTS / language / "stubs.json"
    return recorded.exists() and json.loads(recorded.read_text()) == digests(language)


def digests(language: str) -> dict[str, str]:
    """The digests of the contract and of the stubs."""
    plain = PROTOS / "plain"
    declared = contract.ROOT / "proto/iotflow/v1/words.proto"
    stubs = CLIENTS / language / STUBS[language]
    return {
        "contract": _digest((*plain.rglob("*.proto"), declared), contract.ROOT),
        "stubs": _digest((path for path in stubs.rglob("*") if path.is_file()), stubs),
    }


def _digest(paths: Iterable[Path], root: Path) -> str:
    whole = sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(root)}\0".encode() + sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def main(step: str, languages: list[str]) -> None:
    if unknown := set(languages) - set(STUBS):
        sys.exit(f"no such language: {', '.join(sorted(unknown))}; there are {', '.join(STUBS)}")
    protos.write(PROTOS)
    chosen = languages or list(STUBS)
    if step == "generate":
        for language in chosen:
            generate(language)
    elif stale := [language for language in chosen if not is_current(language)]:
        sys.exit(
            f"The stubs of {', '.join(stale)} are not those of the present contract. Run `make clients-generate` and commit them."
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

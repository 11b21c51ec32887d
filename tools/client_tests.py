"""Tests, packages or documents the clients: python -m tools.client_tests test|package FOLDER|reference FOLDER.

`test` runs `clients/<language>/check.sh` (format, style, types, unit tests) of each language, and the short conformance run of each
client. A language whose toolchain is missing or too old is left out, and named at the end. `package` writes the packages of
all languages into FOLDER, `reference` the reference of each language into a folder below it.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.contract import ROOT

CLIENTS = ROOT / "clients"
# The toolchains that no package of Debian 12 brings, with the command that shows the version.
TOOLCHAINS = {
    "go": ("Go", ("go", "version"), (1, 26)),
    "typescript": ("Node.js with npm", ("node", "--version"), (20, 15)),
    "rust": ("Rust", ("rustc", "--version"), (1, 95)),
    "java": ("a JDK", ("javac", "-version"), (17, 0)),
}


def missing(language: str) -> str:
    """What this machine lacks for the language, as a sentence; empty: nothing."""
    if language not in TOOLCHAINS:
        return ""
    name, command, least = TOOLCHAINS[language]
    if shutil.which(command[0]) is None:
        return f"{name} is not installed"
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)\.(\d+)", shown.stdout + shown.stderr)
    if found is None or (int(found[1]), int(found[2])) < least:
        return f"{name} {least[0]}.{least[1]} is needed, and {shown.stdout.strip()!r} is installed"
    return ""


def languages(script: str) -> Iterator[str]:
    """The languages that have this script."""
    yield from sorted(path.parent.name for path in CLIENTS.glob(f"*/{script}"))


def test() -> list[str]:
    """Run everything. Returns what failed."""
    failed = []
    for language in languages("check.sh"):
        if not missing(language) and not _runs(str(CLIENTS / language / "check.sh")):
            failed.append(f"{language}: check.sh")
    for language in ("python", *languages("run-testee.sh")):
        conformance = (sys.executable, "-m", "clients.conformance", "--smoke", "--language", language)
        if not missing(language) and not _runs(*conformance):
            failed.append(f"{language}: conformance")
    return failed


def package(folder: Path) -> list[str]:
    """Write all packages. Returns what failed."""
    return _write("package.sh", dict.fromkeys(languages("package.sh"), folder))


def reference(folder: Path) -> list[str]:
    """Write the references of all languages. Returns what failed."""
    return _write("reference.sh", {language: folder / language for language in languages("reference.sh")})


def _write(script: str, folders: dict[str, Path]) -> list[str]:
    """Run the script of each language that this machine has, with its folder."""
    chosen = {language: folder for language, folder in folders.items() if not missing(language)}
    return [
        f"{each}: {script}" for each, folder in chosen.items() if not _runs(str(CLIENTS / each / script), str(folder))
    ]


def _runs(*command: str) -> bool:
    print("$", *command, flush=True)
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


WRITERS = {"package": package, "reference": reference}


def main(step: str, *folders: str) -> None:
    failed = test() if step == "test" else WRITERS[step](Path(folders[0]).absolute())
    for language in languages("generate.sh"):
        if lack := missing(language):
            print(f"NOT RUN: the {language} client, because {lack}.")
    if failed:
        sys.exit("\n".join(("FAILED:", *failed)))


if __name__ == "__main__":
    main(*sys.argv[1:])

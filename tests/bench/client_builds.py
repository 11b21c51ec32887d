"""What the measurement of the clients builds: the testees, as applications build the clients, and the packages."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from clients.conformance.languages import ROOT, Language, languages
from tools.client_tests import missing

# What the builds run besides the commands that tools.client_tests looks for.
COMMANDS = {"typescript": "npm", "java": "mvn", "c": "gcc"}
# The file that an application gets. Java's jar of sources and the ZIP for Arduino hold the same once more.
PACKAGES = {
    "python": "iotflow_client-*.whl",
    "go": "iotflow-go-*.zip",
    "typescript": "iotflow-client-*.tgz",
    "java": "iotflow-client-*[0-9].jar",
    "rust": "iotflow-*.crate",
    "c": "iotflow-c-*.tar.gz",
}


def built_testees() -> Mapping[str, Language]:
    """The testees of all languages, built. Exits with a message if a toolchain is missing, before anything is built."""
    check_toolchains()
    testees = {name: language.released() for name, language in languages().items()}
    for testee in testees.values():
        if testee.build:
            _run(*testee.build)
    return testees


def check_toolchains() -> None:
    """Exit with a message if a toolchain is missing: no language is left out of the table."""
    lacks = [lack for language in languages() if (lack := _lack(language))]
    if lacks:
        sys.exit(f"The part clients measures every client, and cannot build all of them: {'; '.join(lacks)}.")


def _lack(language: str) -> str:
    if lack := missing(language):
        return lack
    command = COMMANDS.get(language)
    return f"{command} is not installed" if command and shutil.which(command) is None else ""


def package_bytes(language: str, folder: Path) -> int:
    """Size of the language's package, which is written into the folder."""
    _run(str(ROOT / "clients" / language / "package.sh"), str(folder))
    (package,) = folder.glob(PACKAGES[language])
    return package.stat().st_size


def _run(*command: str) -> None:
    # Standard output has the lines of the measurement, and nothing else.
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)

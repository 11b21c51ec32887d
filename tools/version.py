"""Sets the version of all distributions and clients, and of their requirements on one another: python tools/version.py 0.2.0."""

import re
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSION = re.compile(r"(\d+\.\d+\.\d+)((?:a|b|rc)\d+)?")
_PYPROJECT = r'^(?:version = "|    "iotflow-\w+==)([^"]+)"'
_CARGO = r'^version = "([^"]+)"'
_JSON = r'^  "version": "([^"]+)"'
# The places with the version, as regular expressions whose group is the version.
PLACES: dict[str, tuple[str, ...]] = {
    **{f"{folder}pyproject.toml": (_PYPROJECT,) for folder in ("", "cli/", "gateway/", "server/", "simulators/")},
    "clients/python/pyproject.toml": (_PYPROJECT,),
    "clients/go/client.go": (r'^const Version = "([^"]+)"',),
    "clients/go/README.md": (r"@v(\S+)",),
    "clients/typescript/package.json": (_JSON,),
    "clients/typescript/package-lock.json": (_JSON, r'^    "": \{\n      "name": "[^"]+",\n      "version": "([^"]+)"'),
    "clients/java/pom.xml": (r"^  <version>([^<]+)</version>",),
    "clients/java/README.md": (r"^  <version>([^<]+)</version>",),
    "clients/java/src/main/java/iotflow/client/IotflowClient.java": (r'VERSION = "([^"]+)"',),
    "clients/rust/Cargo.toml": (_CARGO,),
    "clients/rust/testee/Cargo.toml": (_CARGO,),
    "clients/rust/codegen/Cargo.toml": (_CARGO,),
    "clients/c/library.properties": (r"^version=(\S+)",),
    "clients/c/library.json": (_JSON,),
    "clients/c/CMakeLists.txt": (r"^project\(iotflow VERSION (\S+)",),
}


def found(file: Path, expression: str) -> list[str]:
    """The versions in a file."""
    return re.findall(expression, file.read_text(), re.MULTILINE)


def spelled(place: str, version: str) -> str:
    """The version as the place's ecosystem writes it: 0.2.0rc1 is 0.2.0-rc1 outside Python, and 0.2.0 for CMake."""
    numbers, early = VERSION.fullmatch(version).groups("")  # type: ignore[union-attr]
    if place.endswith("pyproject.toml"):
        return version
    return numbers if place.endswith("CMakeLists.txt") or not early else f"{numbers}-{early}"


def write(version: str, root: Path = ROOT) -> None:
    """Set the version everywhere."""
    for place, expressions in PLACES.items():
        file = root / place
        text, replaced = file.read_text(), partial(_replaced, spelled(place, version))
        for expression in expressions:
            text = re.sub(expression, replaced, text, flags=re.MULTILINE)
        file.write_text(text)


def _replaced(version: str, match: re.Match[str]) -> str:
    start, end = match.start(1) - match.start(), match.end(1) - match.start()
    return match[0][:start] + version + match[0][end:]


if __name__ == "__main__":
    [wanted] = sys.argv[1:]
    if not VERSION.fullmatch(wanted):
        sys.exit(f"{wanted} is not a version such as 0.2.0 or 0.2.0rc1.")
    write(wanted)

"""Validates the committed references against their specifications."""

import filecmp
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tools.api.files import path_of
from tools.contract import ROOT

Document = dict[str, Any]

# The pinned package, and the folder in which it is installed.
_PACKAGE, _INSTALLED = ROOT / "tools/asyncapi", ROOT / "build/asyncapi"
_LOCK = "package-lock.json"
_SCHEMA = "node_modules/@asyncapi/specs/schemas/3.0.0.json"


def main() -> None:
    """Exit with the problems, if there are any."""
    checks: dict[str, Callable[[Document], Iterator[str]]] = {
        "openapi": openapi_problems,
        "asyncapi": asyncapi_problems,
    }
    found = [f"{path_of(name)}: {problem}" for name, check in checks.items() for problem in check(_read(name))]
    if found:
        sys.exit("\n".join(found))


def openapi_problems(document: Document) -> Iterator[str]:
    """The places where a document violates OpenAPI 3.1."""
    return (f"{error.json_path}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors())


def asyncapi_problems(document: Document) -> Iterator[str]:
    """The places where a document violates AsyncAPI 3.0, and references without a target."""
    for error in Draft7Validator(json.loads(_asyncapi_schema().read_text())).iter_errors(document):
        yield f"{error.json_path}: {error.message}"
    yield from (
        f"{reference} has no target" for reference in _references(document) if not _has_target(document, reference)
    )


def _asyncapi_schema() -> Path:
    """The official schema, in the version of the lock file."""
    if not (_INSTALLED / _SCHEMA).exists() or not filecmp.cmp(_PACKAGE / _LOCK, _INSTALLED / _LOCK, shallow=False):
        shutil.copytree(_PACKAGE, _INSTALLED, dirs_exist_ok=True)
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=_INSTALLED, check=True
        )
    return _INSTALLED / _SCHEMA


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _has_target(document: Document, reference: str) -> bool:
    place: Any = document
    for name in reference.removeprefix("#/").split("/"):
        if not isinstance(place, dict) or name not in place:
            return False
        place = place[name]
    return True


def _read(name: str) -> Document:
    document: Document = yaml.load(path_of(name).read_text(), yaml.CSafeLoader)
    return document


if __name__ == "__main__":
    main()

"""Validates the committed references against the specifications that they follow."""

import sys
from typing import Any

import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from tools.api.files import path_of


def main() -> None:
    """Exit with what is wrong, if anything is."""
    found = [f"api/openapi.yaml: {problem}" for problem in openapi_problems(_read("openapi"))]
    if found:
        sys.exit("\n".join(found))


def openapi_problems(document: dict[str, Any]) -> list[str]:
    """Where a document is not OpenAPI 3.1."""
    return [f"{error.json_path}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(path_of(name).read_text(), yaml.CSafeLoader)
    return document


if __name__ == "__main__":
    main()

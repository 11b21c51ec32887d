"""The committed API references, and validation of responses against them."""

import functools
import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

FOLDER = Path(__file__).resolve().parents[2] / "api"


@functools.cache
def reference(name: str) -> dict[str, Any]:
    """The parsed document: openapi or asyncapi."""
    document: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text(), yaml.CSafeLoader)
    return document


def problems(name: str, schema: dict[str, Any], value: object) -> list[str]:
    """The places where a value violates a schema of the document."""
    whole = {**schema, "components": reference(name)["components"]}
    found = Draft202012Validator(whole).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in found]


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The documented operation of a request, if there is one."""
    paths = reference("openapi")["paths"]
    # Literal paths precede those with parameters.
    fitting = sorted((one for one in paths if _fits(one, path)), key=lambda one: one.count("{"))
    found: list[dict[str, Any]] = [paths[one][method.lower()] for one in fitting if method.lower() in paths[one]]
    return found[0] if found else None


def answer_problems(method: str, path: str, status: int, answer: object) -> list[str]:
    """The places where the response to a request differs from its documentation."""
    documented = operation(method, path)
    if documented is None:
        return [] if status in (404, 405) else [f"{method} {path} is not documented"]
    response = documented["responses"].get(str(status))
    if response is None:
        return [f"{method} {path} does not document {status}"]
    if "$ref" in response:
        response = reference("openapi")["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return problems("openapi", response["content"]["application/json"]["schema"], answer)


def _fits(template: str, path: str) -> bool:
    return bool(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path))

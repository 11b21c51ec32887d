"""The generated references as files."""

import json
from pathlib import Path
from typing import Any

import yaml

from tools.contract import ROOT

FOLDER = ROOT / "api"
# The copy that Envoy serves.
SERVED = ROOT / "cli/iotflow_cli/api_reference/openapi.json"
_WIDTH = 120
_HEAD = "# Generated from the contract by `make generate`; not edited by hand.\n"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and no aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def to_yaml(document: dict[str, Any]) -> str:
    """The document as YAML."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return _HEAD + text


def to_json(document: dict[str, Any]) -> str:
    """The document as JSON with one value per line, so that git can merge it."""
    return json.dumps(document, ensure_ascii=False, indent=0) + "\n"


def path_of(name: str) -> Path:
    """The path of a reference."""
    return FOLDER / f"{name}.yaml"

"""The table of languages."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_TABLE = Path(__file__).with_name("languages.yaml")


@dataclass(frozen=True, slots=True)
class Language:
    """build: the command that makes the testee, or empty. run: the command that becomes it. Both start in ROOT.

    grpc_web: the client speaks gRPC-Web over HTTP/1.1. mqtt: it takes commands and configurations by MQTT.
    """

    name: str
    build: tuple[str, ...]
    run: tuple[str, ...]
    grpc_web: bool = False
    mqtt: bool = False

    @property
    def exists(self) -> bool:
        """Whether the repository has a testee of this language."""
        return (ROOT / self.run[0]).exists()

    def released(self) -> "Language":
        """The testee as applications build and run the client."""
        return replace(self, build=(*self.build, "release") if self.build else (), run=(*self.run, "release"))

    def make(self) -> None:
        """Build the testee. Raises subprocess.CalledProcessError."""
        if self.build:
            subprocess.run(self.build, cwd=ROOT, check=True)


def languages() -> dict[str, Language]:
    """All languages of the table, by name."""
    table: dict[str, Any] = yaml.safe_load(_TABLE.read_text())
    return {
        name: Language(name, tuple(row["build"]), tuple(row["run"]), row.get("grpc_web", False), row.get("mqtt", False))
        for name, row in table.items()
    }

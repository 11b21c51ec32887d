"""Python environments outside the checkout, in which only the test installs packages."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements.txt"
# The project of each distribution, and the one package that it may install.
PROJECTS = {
    "iotflow-client": ("clients/python", "iotflow"),
    "iotflow-server": ("server", "iotflow_server"),
    "iotflow-gateway": ("gateway", "iotflow_gateway"),
    "iotflow-simulators": ("simulators", "iotflow_simulators"),
    "iotflow-cli": ("cli", "iotflow_cli"),
    "iotflow": (".", None),
}


def uv(*arguments: str | Path) -> str:
    """The output of uv of the development environment. Raises AssertionError with all output if it fails."""
    return output(Path(sys.executable).with_name("uv"), *arguments, folder=ROOT)


def output(*command: str | Path, folder: Path) -> str:
    """The output of a command. Raises AssertionError with all output if it fails."""
    # A checkout in PYTHONPATH would hide a missing package.
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Environment:
    """folder: a new folder of the environment."""

    folder: Path

    def __post_init__(self) -> None:
        uv("venv", "--quiet", "--python", sys.executable, self.folder)

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def install(self, *arguments: str | Path) -> None:
        """Install packages, with the arguments of `pip install`."""
        uv("pip", "install", "--quiet", "--python", self.python, *arguments)

    def check(self) -> None:
        """Raises AssertionError if a requirement of an installed distribution is not met."""
        uv("pip", "check", "--python", self.python)

    def installed(self) -> set[str]:
        """Names of the installed distributions."""
        lines = uv("pip", "freeze", "--python", self.python).splitlines()
        return {line.split("==")[0].split(" @ ")[0] for line in lines}

    def run(self, code: str) -> str:
        """Run code; its output. Raises AssertionError if it fails."""
        return output(self.python, "-P", "-c", code, folder=self.folder)

"""Mosquitto with its configuration in the data folder."""

import getpass
import shutil
from dataclasses import dataclass
from pathlib import Path

from iotflow.topic_names import ANONYMOUS
from iotflow_cli.console import UsageError
from iotflow_cli.mosquitto.acl import access_rules

SHIPPED = Path(__file__).parent
CONFIGURATION, LIMITS = SHIPPED / "mosquitto.conf", "# Limits."
# Debian installs it in a folder that only root's PATH contains.
PATHS = ("mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto")

# Without these, glibc keeps the memory of large messages after they are sent.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


@dataclass(frozen=True)
class Mosquitto:
    """folder: the folder of its files. anonymous: whether clients without an account may register devices. anonymous_port: the port
    where they may publish messages that contain an `api_key`; None: nowhere."""

    folder: Path
    host: str
    port: int
    prefix: str
    anonymous: bool
    anonymous_port: int | None = None

    def prepare(self) -> None:
        """Write the configuration and the files it names. Raises UsageError where Mosquitto is not installed."""
        _program()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / "passwords").touch()
        rules = access_rules(self.prefix, registration=self.anonymous, anonymous=self.anonymous_port is not None)
        (self.folder / "acl").write_text(rules)
        self._config.write_text(self._text())

    def command(self) -> list[str]:
        """The command that runs Mosquitto with this configuration."""
        return [_program(), "-c", str(self._config)]

    @property
    def _config(self) -> Path:
        return self.folder / "mosquitto.conf"

    def _listeners(self) -> list[str]:
        lines = [f"listener {self.port} {self.host}", _limit_of_listener()]
        if self.anonymous_port:
            lines += [f"listener {self.anonymous_port} {self.host}", f"mount_point {ANONYMOUS}", _limit_of_listener()]
        return lines

    def _text(self) -> str:
        lines = [
            # Otherwise, started by root, Mosquitto changes to a user that cannot read the folder.
            f"user {getpass.getuser()}",
            *self._listeners(),
            f"allow_anonymous {str(self.anonymous or self.anonymous_port is not None).lower()}",
            f"password_file {self.folder}/passwords",
            f"acl_file {self.folder}/acl",
            f"pid_file {self.folder}/mosquitto.pid",
            "set_tcp_nodelay true",
            f"persistence_location {self.folder}/",
            *_limits(),
            "log_dest stdout",
            # Its warnings repeat, at each reload, that a rule applies to every client.
            "log_type error",
        ]
        return "\n".join(lines) + "\n"


def _limit_of_listener() -> str:
    """The line of the shipped configuration."""
    return next(line for line in CONFIGURATION.read_text().splitlines() if line.startswith("max_connections"))


def _limits() -> list[str]:
    """The lines of the shipped configuration below the heading of that name."""
    _, _, below = CONFIGURATION.read_text().partition(LIMITS)
    return [line for line in below.splitlines()[1:] if line and not line.startswith("#")]


def _program() -> str:
    found = next(filter(None, map(shutil.which, PATHS)), None)
    if found is None:
        raise UsageError(
            "Mosquitto is not installed. Install it (Debian's package mosquitto), or use --broker embedded."
        )
    return found

"""A Mosquitto of the data folder's own."""

import getpass
import shutil
from dataclasses import dataclass
from pathlib import Path

from iotflow.topic_names import ANONYMOUS
from iotflow_cli.console import UsageError
from iotflow_cli.mosquitto.acl import access_rules

SHIPPED = Path(__file__).parent
CONFIGURATION, LIMITS = SHIPPED / "mosquitto.conf", "# Limits."
# Debian keeps it where only root's shell looks.
PATHS = ("mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto")

# Without these glibc keeps what large messages took, however briefly.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


@dataclass(frozen=True)
class Mosquitto:
    """folder: of its files. anonymous: whether clients without an account may register devices. anonymous_port: where they may
    publish what holds an `api_key`; None: nowhere."""

    folder: Path
    host: str
    port: int
    prefix: str
    anonymous: bool
    anonymous_port: int | None = None

    def prepare(self) -> None:
        """Write the configuration and what it refers to. Raises UsageError where Mosquitto is not installed."""
        _program()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / "passwords").touch()
        rules = access_rules(self.prefix, registration=self.anonymous, anonymous=self.anonymous_port is not None)
        (self.folder / "acl").write_text(rules)
        self._config.write_text(self._text())

    def command(self) -> list[str]:
        """The command line that runs what `prepare` wrote."""
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
            # Started by root it would become another user, who cannot read the folder.
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
            # As warnings it repeats at each reading of the file that a rule is for everybody.
            "log_type error",
        ]
        return "\n".join(lines) + "\n"


def _limit_of_listener() -> str:
    """As the configuration that is shipped has it."""
    return next(line for line in CONFIGURATION.read_text().splitlines() if line.startswith("max_connections"))


def _limits() -> list[str]:
    """Those of the configuration that is shipped, below the heading of that name."""
    _, _, below = CONFIGURATION.read_text().partition(LIMITS)
    return [line for line in below.splitlines()[1:] if line and not line.startswith("#")]


def _program() -> str:
    found = next(filter(None, map(shutil.which, PATHS)), None)
    if found is None:
        raise UsageError("Mosquitto is not installed (Debian's package mosquitto); --broker embedded needs none.")
    return found

"""A Mosquitto of the data folder's own."""

import getpass
import shutil
from dataclasses import dataclass
from pathlib import Path

from iotflow_cli.errors import UsageError

ACL = Path(__file__).parents[2] / "gateway" / "mosquitto" / "acl"
# Debian keeps it where only root's shell looks.
PATHS = ("mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto")

# Clients without an account may ask to be registered, and hear the answer, under the name that is their id.
DISCOVERY = """
pattern write {prefix}/discovery/register/%c
pattern read {prefix}/discovery/response/%c
"""


@dataclass(frozen=True)
class Mosquitto:
    """folder: of its files. anonymous: whether clients without an account may register devices."""

    folder: Path
    host: str
    port: int
    prefix: str
    anonymous: bool

    def prepare(self) -> None:
        """Write the configuration and what it refers to. Raises UsageError where Mosquitto is not installed."""
        _program()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / "passwords").touch()
        rules = ACL.read_text().replace("iotflow/devices", f"{self.prefix}/devices")
        rules = rules.replace("iotflow/fleet", f"{self.prefix}/fleet")
        # Lines before any user's are for those without an account.
        discovery = DISCOVERY.format(prefix=self.prefix) if self.anonymous else ""
        (self.folder / "acl").write_text(discovery + rules)
        self._config.write_text(self._text())

    def command(self) -> list[str]:
        """The command line that runs what `prepare` wrote."""
        return [_program(), "-c", str(self._config)]

    @property
    def _config(self) -> Path:
        return self.folder / "mosquitto.conf"

    def _text(self) -> str:
        lines = [
            # Started by root it would become another user, who cannot read the folder.
            f"user {getpass.getuser()}",
            f"listener {self.port} {self.host}",
            f"allow_anonymous {str(self.anonymous).lower()}",
            f"password_file {self.folder}/passwords",
            f"acl_file {self.folder}/acl",
            f"pid_file {self.folder}/mosquitto.pid",
            "set_tcp_nodelay true",
            "persistence true",
            f"persistence_location {self.folder}/",
            "autosave_interval 10",
            "max_inflight_messages 0",
            "max_queued_messages 0",
            "max_queued_bytes 1073741824",
            "max_packet_size 8400000",
            "log_dest stdout",
            # As warnings it repeats at each reading of the file that a rule is for everybody.
            "log_type error",
        ]
        return "\n".join(lines) + "\n"


def _program() -> str:
    found = next(filter(None, map(shutil.which, PATHS)), None)
    if found is None:
        raise UsageError("Mosquitto is not installed (Debian's package mosquitto); --broker embedded needs none.")
    return found

"""The file of the profiles, which only its owner can read."""

import dataclasses
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from iotflow.private_files import write_private
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.profiles.profile import Profile

# The service of this machine, which needs no profile.
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Profiles:
    """current: the name of the profile that commands use; empty: the service of this machine."""

    current: str = ""
    by_name: dict[str, Profile] = field(default_factory=dict)

    def get(self, name: str) -> Profile:
        """The profile with this name. Raises CommandError."""
        if name not in self.by_name:
            known = ", ".join(sorted(self.by_name)) or "none"
            raise CommandError(
                f"There is no profile {name!r} (known: {known}). Make it with `iotflow login URL --profile {name}`.",
                ExitCode.NOT_FOUND,
                reason="PROFILE_NOT_FOUND",
            )
        return self.by_name[name]

    def with_profile(self, name: str, profile: Profile) -> "Profiles":
        """With this profile, which becomes the current one."""
        return Profiles(name, {**self.by_name, name: profile})

    def without(self, name: str) -> "Profiles":
        """Without this profile. Raises CommandError."""
        self.get(name)
        rest = {each: profile for each, profile in self.by_name.items() if each != name}
        return Profiles("" if self.current == name else self.current, rest)

    def using(self, name: str) -> "Profiles":
        """With this profile as the current one. Raises CommandError."""
        if name == LOCAL:
            return Profiles("", self.by_name)
        self.get(name)
        return Profiles(name, self.by_name)


def profiles_path() -> Path:
    """The file, in the configuration folder of the user."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification of XDG ignores relative paths.
    folder = Path(configured) if Path(configured).is_absolute() else Path.home() / ".config"
    return folder / "iotflow" / "profiles.json"


def load_profiles() -> Profiles:
    """The profiles; none where there is no file. Raises CommandError where the file is damaged or open to others."""
    path = profiles_path()
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise CommandError(f"{path} has tokens, and other users can read it. Protect it: chmod 600 {path}")
        content = json.loads(path.read_text(encoding="utf-8"))
        found = {str(name): Profile.of(each) for name, each in content["profiles"].items()}
        current = str(content["current"])
    except FileNotFoundError:
        return Profiles()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(f"{path} is damaged ({error}). Repair it, or remove it and log in again.") from None
    return Profiles(current if current in found else "", found)


def save_profiles(profiles: Profiles) -> None:
    """Replace the file. Raises OSError."""
    content = {
        "current": profiles.current,
        "profiles": {name: dataclasses.asdict(each) for name, each in profiles.by_name.items()},
    }
    write_private(profiles_path(), json.dumps(content, indent=2, ensure_ascii=False) + "\n")

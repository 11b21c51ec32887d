"""The server that a command means: that of a profile, or the service of this machine."""

import os
from dataclasses import dataclass
from pathlib import Path

from iotflow_cli import local_defaults
from iotflow_cli.profiles.profile import Profile
from iotflow_cli.profiles.store import LOCAL, load_profiles
from iotflow_cli.running.run_file import read_run

PROFILE_VARIABLE = "IOTFLOW_PROFILE"
ADMIN_TOKEN_FILE = "admin-token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Target:
    """name: of the profile, or `local`. advice: what helps where no server answers. data_dir: of the service of this machine."""

    name: str
    profile: Profile
    advice: str = ""
    data_dir: Path | None = None


def chosen_target(profile: str | None, data_dir: Path | None) -> Target:
    """profile: the name that the command has. data_dir: means the service of this machine. Raises CommandError."""
    if profile is None and data_dir is not None:
        return local_target(data_dir)
    name = profile or os.environ.get(PROFILE_VARIABLE, "")
    if name == LOCAL:
        return local_target(data_dir)
    profiles = load_profiles()
    name = name or profiles.current
    return Target(name, profiles.get(name)) if name else local_target(data_dir)


def local_target(data_dir: Path | None) -> Target:
    """The service of this machine, with the admin token of its data folder."""
    settings = local_defaults.chosen()
    folder = data_dir or local_defaults.data_dir()
    run = read_run(folder)
    port = run.grpc_port if run else settings.get("IOTFLOW_GRPC_PORT") or "50051"
    token = settings.get("IOTFLOW_ADMIN_TOKEN") or _kept_token(folder)
    advice = (
        "" if run else f"No `iotflow up` runs on the data folder {folder}. Start it, or name a profile with --profile."
    )
    return Target(LOCAL, Profile(f"{local_defaults.HOST}:{port}", token), advice, folder)


def _kept_token(folder: Path) -> str:
    try:
        return (folder / ADMIN_TOKEN_FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return ""

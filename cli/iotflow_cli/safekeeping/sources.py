"""What a backup copies, by the settings of the service and by what runs on the data folder."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.running.run_file import read_run
from iotflow_cli.safekeeping.archive_format import IOTDB, SQLITE
from iotflow_server.auth.secret_files import ADMIN_TOKEN, GATEWAY_TOKEN, KEY_SECRET
from iotflow_server.db.engines import dialect_url, is_sqlite
from iotflow_server.settings import Settings, WrongSettings, load_settings
from iotflow_server.telemetry.journal.copying import is_in_use
from iotflow_server.telemetry.stores.choice import is_iotdb

SECRETS = (ADMIN_TOKEN, GATEWAY_TOKEN, KEY_SECRET)


@dataclass(frozen=True, slots=True)
class Sources:
    """registry: its file; None: PostgreSQL. iotdb: its URL; empty: the readings are in a file."""

    data_dir: Path
    settings: Settings
    registry: Path | None
    iotdb: str

    @property
    def telemetry(self) -> Path:
        """SQLite's file with the readings."""
        return self.data_dir / "telemetry.db"

    @property
    def journal(self) -> Path:
        """The folder of the journals."""
        return self.data_dir / "journal"

    @property
    def store(self) -> str:
        """sqlite or iotdb."""
        return IOTDB if self.iotdb else SQLITE

    @property
    def secrets(self) -> list[Path]:
        """The files with secrets that exist."""
        return [path for name in SECRETS if (path := self.data_dir / name).exists()]

    def left_out(self, *, without_iotdb: bool) -> list[str]:
        """Sentences on what a backup does not have."""
        found = []
        if self.registry is None:
            found.append(
                "The registry is in PostgreSQL and is not in this backup: run pg_dump after the backup, not before it."
            )
        if self.iotdb and without_iotdb:
            found.append(
                "The readings in IoTDB are not in this backup, only those of the journal: copy IoTDB after the backup."
            )
        for name in SECRETS:
            variable = f"IOTFLOW_{name.upper().replace('-', '_')}"
            if getattr(self.settings, name.replace("-", "_")).get_secret_value():
                found.append(f"{variable} is a setting and is not in this backup: keep it elsewhere.")
        return found


def service_settings(data_dir: Path, telemetry: str | None) -> Settings:
    """The settings of the service on this folder. telemetry: the store, instead of that of the running service or of the
    settings. Raises CommandError."""
    run = read_run(data_dir)
    chosen = telemetry or (run.options.get("telemetry") if run else None)
    if chosen:
        os.environ["IOTFLOW_TELEMETRY"] = chosen
    os.environ["IOTFLOW_DATA_DIR"] = str(data_dir)
    try:
        return load_settings()
    except WrongSettings as error:
        raise CommandError(f"The settings are invalid: {error}", ExitCode.USAGE) from None


def sources_in(data_dir: Path, settings: Settings) -> Sources:
    """What the service has on this folder. Raises CommandError if there is nothing to back up."""
    url = settings.registry_url
    registry = Path(dialect_url(url).database or "") if is_sqlite(url) else None
    iotdb = settings.telemetry_url if is_iotdb(settings.telemetry_url) else ""
    sources = Sources(data_dir, settings, registry, iotdb)
    missing = [path for path in _needed(sources) if not path.exists()]
    if missing:
        raise CommandError(
            f"There is no service to back up: {missing[0]} does not exist. Name its folder with --data-dir, and run the "
            "command with the settings of the service.",
            ExitCode.NOT_FOUND,
            reason="NOTHING_TO_BACK_UP",
        )
    if not iotdb and is_in_use(sources.journal):
        raise CommandError(
            f"The service on {data_dir} stores its readings in IoTDB, and the settings of this command do not name it. "
            "Name it with --telemetry.",
            ExitCode.USAGE,
            reason="STORE_UNKNOWN",
        )
    return sources


def _needed(sources: Sources) -> Sequence[Path]:
    store = sources.journal if sources.iotdb else sources.telemetry
    return [store] if sources.registry is None else [sources.registry, store]

"""`iotflow migrate`: copies the devices of the older service."""

import argparse
import os
from pathlib import Path

from iotflow_cli import local_defaults
from iotflow_cli.console import UsageError


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command and its options."""
    chosen = local_defaults.chosen()
    parser = commands.add_parser("migrate", help="copy the devices of the older service's database")
    parser.add_argument(
        "--from",
        dest="source",
        default=chosen.get("DATABASE_URL", ""),
        metavar="URL",
        help="the older database, sqlite:///… or postgresql://…; it is not changed (default: DATABASE_URL)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(chosen.get("IOTFLOW_DATA_DIR", "data")),
        metavar="DIR",
        help="data folder of the service, with its registry unless IOTFLOW_DATABASE_URL names another (default: %(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the changes, and make none")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Copy the devices; the exit code: 0 where all devices are in the registry. Raises UsageError."""
    # Not at the top: the other commands need no database.
    from iotflow_cli.migration import migrate

    if not arguments.source:
        raise UsageError("No database is given. Name the older service's database with --from, or in DATABASE_URL.")
    # Databases and secrets are readable by their owner only.
    os.umask(0o077)
    return migrate(arguments.source, arguments.data_dir.resolve(), dry_run=arguments.dry_run)

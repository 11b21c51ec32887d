"""`iotflow migrate`: the devices of the older service, taken over."""

import argparse
import os
from pathlib import Path

from iotflow_cli import local_defaults
from iotflow_cli.console import UsageError


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command and its options."""
    chosen = local_defaults.chosen()
    parser = commands.add_parser("migrate", help="take over the devices of the older service's database")
    parser.add_argument(
        "--from",
        dest="source",
        default=chosen.get("DATABASE_URL", ""),
        metavar="URL",
        help="sqlite:///… or postgresql://…, never changed (default: DATABASE_URL)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(chosen.get("IOTFLOW_DATA_DIR", "data")),
        metavar="DIR",
        help="of the service (default: %(default)s); IOTFLOW_DATABASE_URL names another registry than the one in it",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry it out; the exit code: 0 where all devices are here."""
    # Not above: other commands need no database.
    from iotflow_cli.migration import migrate

    if not arguments.source:
        raise UsageError("Name the older service's database with --from, or in DATABASE_URL.")
    # Databases and secrets are for their owner only.
    os.umask(0o077)
    return migrate(arguments.source, arguments.data_dir.resolve(), dry_run=arguments.dry_run)

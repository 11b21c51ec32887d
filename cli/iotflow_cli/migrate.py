"""`iotflow migrate`: copies the devices of the older service."""

import os
from pathlib import Path

import click

from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.options import SettingOption, data_dir_option
from iotflow_cli.console import UsageError


@command("migrate")
@click.option(
    "--from",
    "source",
    cls=SettingOption,
    variable="DATABASE_URL",
    fallback="",
    metavar="URL",
    help="the older database, sqlite:///… or postgresql://…; it is not changed (default: DATABASE_URL)",
)
@data_dir_option("data folder of the service, with its registry unless IOTFLOW_DATABASE_URL names another")
@click.option("--dry-run", is_flag=True, help="show the changes, and make none")
def migrate(source: str, data_dir: Path, dry_run: bool) -> int:
    """Copy the devices of the older service's database."""
    # Not at the top: the other commands need no database.
    from iotflow_cli import migration

    if not source:
        raise UsageError("No database is given. Name the older service's database with --from, or in DATABASE_URL.")
    # Databases and secrets are readable by their owner only.
    os.umask(0o077)
    return migration.migrate(source, data_dir.resolve(), dry_run=dry_run)

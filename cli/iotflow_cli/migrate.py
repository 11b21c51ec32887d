"""`iotflow migrate`: the schema of the registry, and the devices of the older service."""

import os
from pathlib import Path

import click
from click.core import ParameterSource

from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.options import SettingOption, data_dir_option
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Record
from iotflow_cli.registry.schema import check_schema, upgrade_schema


@command("migrate")
@click.option(
    "--from",
    "source",
    cls=SettingOption,
    variable="DATABASE_URL",
    fallback="",
    show_default=False,
    metavar="URL",
    help="the older service's database, sqlite:///… or postgresql://…, whose devices are copied; it is not changed  "
    "[default: DATABASE_URL, if that names one]",
)
@data_dir_option("data folder of the service, with its registry unless IOTFLOW_DATABASE_URL names another")
@click.option("--dry-run", is_flag=True, help="show which devices would be copied, and copy none")
@click.option("--check", is_flag=True, help="show whether the registry has the newest schema, and change nothing")
@click.pass_context
def migrate(ctx: click.Context, source: str, data_dir: Path, dry_run: bool, check: bool) -> int | Record:
    """Bring the registry to the newest schema, or copy the older service's devices into it.

    With --check, the exit code is 1 where the schema is not the newest one.
    """
    # Not at the top: the other commands need no database.
    from iotflow_cli import migration

    output: Output = ctx.find_root().obj
    folder = data_dir.resolve()
    is_named = ctx.get_parameter_source("source") is ParameterSource.COMMANDLINE
    if check:
        if is_named or dry_run:
            raise click.UsageError("--check goes with neither --from nor --dry-run.")
        return check_schema(folder)
    if not is_named and not migration.is_older(source):
        if dry_run:
            raise click.UsageError(
                "No database of the older service is given. Name it with --from, or in DATABASE_URL."
            )
        return upgrade_schema(folder)
    # Databases and secrets are readable by their owner only.
    os.umask(0o077)
    if not output.as_json:
        return migration.migrate(source, folder, dry_run=dry_run)
    done = migration.copied(source, folder, dry_run=dry_run)
    return Record(done.data, exit_code=done.exit_code)

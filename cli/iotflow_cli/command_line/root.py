"""The root of the command line. A new command is a row of the table."""

from typing import Any

import click

from iotflow_cli.command_line.grammar import Lazy, LazyGroup

COMMANDS = {
    "up": Lazy("iotflow_cli.up:up", "Run the service on this machine until Ctrl-C."),
    "down": Lazy("iotflow_cli.running.lifecycle:down", "Stop the service of this machine."),
    "restart": Lazy("iotflow_cli.running.lifecycle:restart", "Restart the service of this machine, or one part of it."),
    "status": Lazy("iotflow_cli.running.status:status", "Show whether the service runs, and the state of its parts."),
    "logs": Lazy("iotflow_cli.running.log_reading:logs", "Show the logs of the service of this machine."),
    "backup": Lazy("iotflow_cli.safekeeping.commands:backup", "Back the service up to a file, while it runs."),
    "restore": Lazy(
        "iotflow_cli.safekeeping.commands:restore", "Restore a backup into the data folder of a stopped service."
    ),
    "reset": Lazy(
        "iotflow_cli.safekeeping.commands:reset", "Delete registry, readings, journal and secrets of a stopped service."
    ),
    "replay": Lazy("iotflow_cli.replay:replay_file", "Send the rows of a CSV file as a device."),
    "init-db": Lazy(
        "iotflow_cli.registry.schema:init_db", "Create the registry's database, its secrets and the admin token."
    ),
    "simulate": Lazy(
        "iotflow_cli.simulators.simulating:simulate", "Run simulated devices until the scenario ends, or Ctrl-C."
    ),
    "verify": Lazy(
        "iotflow_cli.simulators.verifying:verify_ledger", "Prove what became of every reading of a simulation."
    ),
    "migrate": Lazy(
        "iotflow_cli.migrate:migrate",
        "Bring the registry to the newest schema, or copy the older service's devices into it.",
    ),
    "login": Lazy("iotflow_cli.profiles.commands:login", "Note a server and a token, which commands then use."),
    "logout": Lazy("iotflow_cli.profiles.commands:logout", "Forget a profile and its token."),
    "profiles": Lazy("iotflow_cli.profiles.commands:list_profiles", "List the profiles, or choose the current one."),
    "devices": Lazy("iotflow_cli.command_line.groups:devices", "List, show, import and change devices."),
    "create-device": Lazy("iotflow_cli.registry.devices:create_device", "Register a device; its key is shown once."),
    "tokens": Lazy("iotflow_cli.command_line.groups:tokens", "List, create and revoke tokens."),
    "create-admin": Lazy(
        "iotflow_cli.registry.tokens:create_admin", "Create a token of an admin; its secret is shown once."
    ),
    "telemetry": Lazy("iotflow_cli.command_line.groups:telemetry", "Send, read, export and delete readings."),
    "commands": Lazy("iotflow_cli.command_line.groups:commands", "Send commands to devices, and watch their results."),
    "config": Lazy("iotflow_cli.command_line.groups:config", "Show and change the configurations of devices."),
    "audit": Lazy("iotflow_cli.registry.audit:audit", "List changes and who made them, newest first."),
    "iotdb": Lazy(
        "iotflow_cli.shells.iotdb:iotdb", "Open a client shell of IoTDB, at the address of IOTFLOW_TELEMETRY."
    ),
    "redis": Lazy(
        "iotflow_cli.shells.redis:redis", "Open a client shell of Redis, at the address of IOTFLOW_REDIS_URL."
    ),
    "shell": Lazy("iotflow_cli.shells.python:shell", "Open a Python shell with a connected client."),
    "test": Lazy("iotflow_cli.running.testing:test", "Run the tests, as `make test` does, in a checkout."),
    "completion": Lazy("iotflow_cli.command_line.completion:completion", "Print the completion script of a shell."),
}


def _print_version(ctx: click.Context, _: click.Parameter, value: Any) -> None:
    if not value or ctx.resilient_parsing:
        return
    # Reading the metadata of a distribution takes longer than the help.
    from iotflow_server import VERSION

    click.echo(f"iotflow {VERSION}")
    ctx.exit()


@click.group(
    "iotflow",
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show the version."
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an unexpected error.")
def root() -> None:
    """Connectivity for IoT devices."""

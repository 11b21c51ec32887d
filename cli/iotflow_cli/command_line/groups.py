"""The groups below the root. A new command of a group is a row of its table."""

import click

from iotflow_cli.command_line.grammar import Lazy, LazyGroup

DEVICES = "iotflow_cli.registry.devices"
IMPORT = "iotflow_cli.device_import.commands"
TOKENS = "iotflow_cli.registry.tokens"
TELEMETRY = "iotflow_cli.telemetry"
COMMANDS = "iotflow_cli.device_commands"
CONFIG = "iotflow_cli.device_config.commands"


@click.group(
    "devices",
    cls=LazyGroup,
    lazy={
        "list": Lazy(f"{DEVICES}:list_devices", "List devices by id."),
        "show": Lazy(f"{DEVICES}:show_device", "Show a device, its configurations and the number of its readings."),
        "import": Lazy(f"{IMPORT}:import_file", "Register the devices of a CSV file."),
        "update": Lazy(f"{DEVICES}:update_device", "Change a device."),
        "suspend": Lazy(f"{DEVICES}:suspend_device", "Refuse a device at every door until it is activated."),
        "activate": Lazy(f"{DEVICES}:activate_device", "Accept a suspended device again."),
        "delete": Lazy(f"{DEVICES}:delete_device", "Delete a device and its keys."),
        "rotate-key": Lazy(f"{DEVICES}:rotate_key", "Replace the key of a device; the new one is shown once."),
    },
)
def devices() -> None:
    """List, show, import and change devices."""


@click.group(
    "tokens",
    cls=LazyGroup,
    lazy={
        "list": Lazy(f"{TOKENS}:list_tokens", "List tokens, without their secrets."),
        "create": Lazy(f"{TOKENS}:create_token", "Create a token; its secret is shown once."),
        "revoke": Lazy(f"{TOKENS}:revoke_token", "Revoke a token, by its name or id, and end its streams."),
    },
)
def tokens() -> None:
    """List, create and revoke tokens."""


@click.group(
    "telemetry",
    cls=LazyGroup,
    lazy={
        "send": Lazy(f"{TELEMETRY}.sending:send", "Send readings for a device; done means stored."),
        "latest": Lazy(f"{TELEMETRY}.reading:latest", "Show the newest value of each measurement."),
        "get": Lazy(f"{TELEMETRY}.reading:get", "Show the readings of a device in a range of time."),
        "aggregate": Lazy(
            f"{TELEMETRY}.reading:aggregate", "Show aggregates of the readings of a device over windows of time."
        ),
        "tail": Lazy(f"{TELEMETRY}.tailing:tail", "Show readings as they are stored."),
        "export": Lazy(f"{TELEMETRY}.exporting:export", "Export readings to a file."),
        "delete": Lazy(f"{TELEMETRY}.deleting:delete", "Delete the readings of a device in a range of time."),
    },
)
def telemetry() -> None:
    """Send, read, export and delete readings."""


@click.group(
    "commands",
    cls=LazyGroup,
    lazy={
        "send": Lazy(f"{COMMANDS}.sending:send", "Send a command to a device, or to all devices of a type."),
        "list": Lazy(f"{COMMANDS}.watching:list_commands", "List commands, newest first."),
        "watch": Lazy(f"{COMMANDS}.watching:watch", "Show commands as they change."),
        "cancel": Lazy(f"{COMMANDS}.sending:cancel", "Cancel a command that has not ended."),
    },
)
def commands() -> None:
    """Send commands to devices, and watch their results."""


@click.group(
    "config",
    cls=LazyGroup,
    lazy={
        "get": Lazy(f"{CONFIG}:get", "Show the desired and the reported configuration of a device."),
        "set": Lazy(f"{CONFIG}:set_config", "Replace the desired configuration of a device."),
        "patch": Lazy(f"{CONFIG}:patch", "Change parts of the desired configuration of a device."),
        "diff": Lazy(f"{CONFIG}:diff", "Show what a device has not applied yet."),
        "versions": Lazy(f"{CONFIG}:versions", "List the versions of the desired configuration, newest first."),
    },
)
def config() -> None:
    """Show and change the configurations of devices."""

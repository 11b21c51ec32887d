"""The simulators of the older service, as scenarios of `iotflow simulate`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.renderer import Output
from iotflow_cli.simulators.addresses import Access
from iotflow_cli.simulators.runs import Chosen, ledger_of, simulated
from iotflow_cli.simulators.scenarios import LENGTH, chosen_scenario
from iotflow_simulators import SimulationError
from iotflow_simulators.presets import custom
from iotflow_simulators.running.simulation import Files
from iotflow_simulators.scenario.fields import MAX_DEVICES
from iotflow_simulators.scenario.scenario import Door, Scenario

TYPES = ("temperature", "door_lock", "camera", "air_quality", "thermostat")
CUSTOM, ALL = "custom", "all"
PRESETS = ("home", "office", "factory", CUSTOM, "test_suite", "stress_test")
# Numbers of devices, and seconds between readings.
COUNT, MANY, SECONDS = click.IntRange(0, MAX_DEVICES), click.IntRange(1, MAX_DEVICES), click.IntRange(1, 86_400)


def timed(*, interval: int | None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--duration and --telemetry-interval, with this default; None: that of the preset."""
    duration = click.option(
        "--duration", type=LENGTH, default=300, show_default=True, metavar="SECONDS", help="length of the simulation"
    )
    pause = click.option(
        "--telemetry-interval",
        type=SECONDS,
        default=interval,
        show_default=True,
        metavar="SECONDS",
        help="time between two readings of a device" + ("" if interval else "  [default: that of the preset]"),
    )
    return lambda function: duration(pause(function))


def _plain(_ctx: click.Context, _param: click.Parameter, name: str) -> str:
    """A name, in place of a pattern of names."""
    if "{" in name:
        raise click.BadParameter("the name must not have a brace")
    return name


@command("basic_device_simulator.py")
@with_server
@timed(interval=30)
@click.option(
    "--name", default="basic-1", show_default=True, callback=_plain, metavar="NAME", help="name of the device"
)
@click.pass_obj
def basic_device(output: Output, server: Server, name: str, duration: int, telemetry_interval: int) -> int:
    """Simulate one basic sensor."""
    return _run(output, server, lambda: _sensors(1, name, Door.REST, duration, telemetry_interval))


@command("device_types.py")
@with_server
@timed(interval=30)
@click.option(
    "--device-type", type=click.Choice([*TYPES, ALL]), default=ALL, show_default=True, help="type of the device"
)
@click.pass_obj
def device_types(output: Output, server: Server, device_type: str, duration: int, telemetry_interval: int) -> int:
    """Simulate one device of a type, or of each type."""
    devices = dict.fromkeys(TYPES if device_type == ALL else (device_type,), 1)
    scenario = lambda: custom(devices, seconds=duration, interval=telemetry_interval).with_door(Door.REST)  # noqa: E731
    return _run(output, server, scenario)


@command("fleet_simulator.py")
@with_server
@timed(interval=None)
@click.option("--preset", type=click.Choice(PRESETS), default="home", show_default=True, help="the devices")
@click.option("--temperature-sensors", "temperature", type=COUNT, default=0, metavar="N", help="of the preset custom")
@click.option("--door-locks", "door_lock", type=COUNT, default=0, metavar="N", help="of the preset custom")
@click.option("--cameras", "camera", type=COUNT, default=0, metavar="N", help="of the preset custom")
@click.option("--air-quality", type=COUNT, default=0, metavar="N", help="of the preset custom")
@click.option("--thermostats", "thermostat", type=COUNT, default=0, metavar="N", help="of the preset custom")
@click.pass_obj
def fleet(
    output: Output, /, server: Server, preset: str, duration: int, telemetry_interval: int | None, **counts: int
) -> int:
    """Simulate the devices of a preset, or numbers of devices."""
    if any(counts.values()) != (preset == CUSTOM):
        raise click.UsageError("Numbers of devices go with --preset custom, which needs at least one.")
    return _run(output, server, lambda: _fleet(preset, counts, duration, telemetry_interval))


@command("mqtt_device_simulator.py")
@with_server
@timed(interval=30)
@click.option("--device-id", type=COUNT, default=1, show_default=True, metavar="N", help="number in the device's name")
@click.pass_obj
def mqtt_device(output: Output, server: Server, device_id: int, duration: int, telemetry_interval: int) -> int:
    """Simulate one sensor that uses MQTT.

    The sensor is named device-N, because a name of digits only would be an id. It is registered at its first use.
    """
    return _run(output, server, lambda: _sensors(1, f"device-{device_id}", Door.MQTT, duration, telemetry_interval))


@command("mqtt_fleet_simulator.py")
@with_server
@timed(interval=30)
@click.option("--device-count", type=MANY, default=10, show_default=True, metavar="N", help="number of sensors")
@click.pass_obj
def mqtt_fleet(output: Output, server: Server, device_count: int, duration: int, telemetry_interval: int) -> int:
    """Simulate sensors that use MQTT."""
    return _run(output, server, lambda: _sensors(device_count, "mqtt-{n}", Door.MQTT, duration, telemetry_interval))


@command("performance_test.py")
@with_server
@timed(interval=1)
@click.option("--devices", type=MANY, default=100, show_default=True, metavar="N", help="number of sensors")
@click.pass_obj
def performance(output: Output, server: Server, devices: int, duration: int, telemetry_interval: int) -> int:
    """Measure the service with many devices."""
    return _run(output, server, lambda: _sensors(devices, "load-{n}", Door.REST, duration, telemetry_interval))


def _sensors(count: int, names: str, door: Door, seconds: int, interval: int) -> Scenario:
    scenario = custom({"basic": count}, seconds=seconds, interval=interval).with_door(door)
    return replace(scenario, fleets=tuple(replace(sensors, names=names) for sensors in scenario.fleets))


def _fleet(preset: str, counts: dict[str, int], seconds: int, interval: int | None) -> Scenario:
    if preset == CUSTOM:
        return custom(counts, seconds=seconds, interval=interval or 30)
    scenario = chosen_scenario(preset, None, seconds)
    return scenario.with_interval(interval * 1_000) if interval else scenario


def _run(output: Output, server: Server, make: Callable[[], Scenario]) -> int:
    try:
        scenario = make()
        service = Access(server.target).service(None, None, None)
        return simulated(output, server, Chosen(scenario, service, Files(ledger_of(scenario))))
    except SimulationError as error:
        raise CommandError(str(error)) from None

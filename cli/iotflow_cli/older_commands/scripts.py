"""The scripts of the older service, and what each of them runs."""

from iotflow_cli.command_line.grammar import Lazy, LazyGroup
from iotflow_cli.command_line.root import COMMANDS

SERVICE = "iotflow_cli.older_commands.service"
SIMULATORS = "iotflow_cli.older_commands.simulators"
RUN = Lazy(f"{SERVICE}:run_service", "Run the service until Ctrl-C, or follow its logs if it runs already.")

manage = LazyGroup(
    "manage.py",
    help="The older service's commands of the application.",
    lazy={
        **{name: COMMANDS[name] for name in ("init-db", "create-device", "migrate")},
        "run": RUN,
        **{name: COMMANDS[name] for name in ("test", "shell", "create-admin")},
    },
)
docker_manage = LazyGroup(
    "docker-manage.sh",
    help="The older service's commands of its containers, for the processes of this machine.",
    lazy={
        "start-all": Lazy(f"{SERVICE}:start_all", "Run the service in the background."),
        "init-app": COMMANDS["init-db"],
        "run": RUN,
        **{name: COMMANDS[name] for name in ("status", "logs", "restart")},
        "backup": Lazy(f"{SERVICE}:backup_service", "Back the service up to a file, while it runs."),
        "restore": Lazy(f"{SERVICE}:restore_service", "Restore a backup; a running service is stopped meanwhile."),
        "reset": Lazy(f"{SERVICE}:reset_service", "Stop the service, and delete its data."),
        **{name: COMMANDS[name] for name in ("redis", "iotdb", "test")},
    },
)
scripts = LazyGroup(
    "older_commands",
    help="The commands of the older service, by the names of their scripts.",
    lazy={
        "manage.py": Lazy(f"{__name__}:manage", manage.help or ""),
        "docker-manage.sh": Lazy(f"{__name__}:docker_manage", docker_manage.help or ""),
        "basic_device_simulator.py": Lazy(f"{SIMULATORS}:basic_device", "Simulate one basic sensor."),
        "device_types.py": Lazy(f"{SIMULATORS}:device_types", "Simulate one device of a type, or of each type."),
        "fleet_simulator.py": Lazy(f"{SIMULATORS}:fleet", "Simulate the devices of a preset, or numbers of devices."),
        "mqtt_device_simulator.py": Lazy(f"{SIMULATORS}:mqtt_device", "Simulate one sensor that uses MQTT."),
        "mqtt_fleet_simulator.py": Lazy(f"{SIMULATORS}:mqtt_fleet", "Simulate sensors that use MQTT."),
        "simulate.py": COMMANDS["simulate"],
        "performance_test.py": Lazy(f"{SIMULATORS}:performance", "Measure the service with many devices."),
    },
)

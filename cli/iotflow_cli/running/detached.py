"""Starts `iotflow up` in the background, and shows its output until it is ready."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from iotflow_cli.output.failures import CommandError
from iotflow_cli.running.run_file import RunFile, read_run

READY = "ready: "
# The password of a store is in an option of this name. Every user of the machine can read the arguments of a process.
SECRET_OPTION, SECRET_VARIABLE = "telemetry", "IOTFLOW_TELEMETRY"


def start_detached(options: Mapping[str, str], data_dir: Path, show: Callable[[str], None]) -> RunFile:
    """Start the service, and wait until it is ready. options: those of `iotflow up`, by name. Raises CommandError."""
    process = _started(options)
    try:
        is_ready = _follow(process, show)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGTERM)
        process.wait()
        raise
    run = read_run(data_dir)
    if not is_ready or run is None:
        raise CommandError(f"The service did not start (exit code {process.wait()}); see the lines above.")
    return run


def _started(options: Mapping[str, str]) -> "subprocess.Popen[str]":
    arguments = [part for name, value in options.items() if name != SECRET_OPTION for part in (f"--{name}", value)]
    secret = options.get(SECRET_OPTION)
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", *_program(), "up", *arguments],
        env={**os.environ, **({SECRET_VARIABLE: secret} if secret else {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def _program() -> list[str]:
    """The installed command, by which the service names itself; or what it does."""
    program = Path(sys.argv[0])
    if program.name == "iotflow" and program.is_file():
        return [str(program)]
    return ["-c", "import sys; from iotflow_cli.main import main; sys.exit(main())"]


def _follow(process: "subprocess.Popen[str]", show: Callable[[str], None]) -> bool:
    """Show the output until the service is ready. False: it ended. Later output has no reader, which the service allows for."""
    if process.stdout is None:
        return False
    with process.stdout as lines:
        for line in lines:
            if line.startswith(READY):
                show(line.rstrip("\n").replace("Ctrl-C stops it", "`iotflow down` stops it"))
                return True
            show(line.rstrip("\n"))
    return False

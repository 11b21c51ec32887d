"""`iotflow replay`: sends a CSV recording as a device."""

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from iotflow_cli import local_defaults
from iotflow_cli.console import UsageError
from iotflow_server.auth.secret_files import ADMIN_TOKEN
from iotflow_server.settings import Settings, WrongSettings, load_settings
from iotflow_simulators import SimulationError
from iotflow_simulators.csv_file import CsvOptions
from iotflow_simulators.csv_rows import Recording, description, inspect
from iotflow_simulators.csv_times import UNITS, zone
from iotflow_simulators.progress import progress_on, write_line
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.replay import Destination, replay
from iotflow_simulators.tally import ReplayTally

DETECTED = " (default: detected; an ambiguous file is rejected)"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command and its options."""
    parser = commands.add_parser("replay", help="send the rows of a CSV file as a device")
    parser.add_argument(
        "file", type=Path, metavar="FILE.csv", help="a column of times, and one column for each measurement"
    )
    parser.add_argument(
        "--device", required=True, metavar="NAME", help="name of the device, which is registered if it does not exist"
    )
    parser.add_argument(
        "--server",
        type=_address,
        metavar="HOST:PORT",
        help="gRPC address of the server (default: 127.0.0.1 and IOTFLOW_GRPC_PORT, else 50051)",
    )
    parser.add_argument(
        "--speed", type=_speed, metavar="N", help="send at N times real time (default: as fast as possible)"
    )
    parser.add_argument(
        "--time-column",
        default="",
        metavar="COLUMN",
        help="column of times: a name of the header, or a number from 1" + DETECTED,
    )
    parser.add_argument(
        "--time-format",
        type=_time_format,
        metavar="FORMAT",
        # argparse interprets a single percent sign.
        help="format of times: s, ms, us or ns since 1970, or such as '%%d.%%m.%%Y %%H:%%M:%%S'" + DETECTED,
    )
    parser.add_argument(
        "--timezone",
        type=_zone,
        metavar="ZONE",
        help="time zone of times without an offset, such as Europe/Berlin (default: UTC)",
    )
    parser.add_argument(
        "--delimiter",
        type=_delimiter,
        metavar="CHARACTER",
        help="character between cells, or tab" + DETECTED,
    )
    parser.add_argument(
        "--encoding",
        type=_encoding,
        metavar="NAME",
        help="encoding, such as cp1252 (default: UTF-8, or UTF-16 with a byte order mark)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show how the file is read, and send nothing (default: send)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send the file; the exit code: 0 where every row is stored. Raises UsageError."""
    try:
        settings = load_settings()
    except WrongSettings as error:
        raise UsageError(f"The settings are invalid:\n{error}") from None
    server = arguments.server or f"127.0.0.1:{settings.grpc_port}"
    to = Destination(server, arguments.device, KeyStore(settings.data_dir), _token(settings, server))
    options = CsvOptions(
        time_column=arguments.time_column,
        time_format=arguments.time_format or "",
        timezone=arguments.timezone,
        delimiter=arguments.delimiter or "",
        encoding=arguments.encoding or "",
    )
    console = Console()
    try:
        recording = inspect(arguments.file, options)
    except SimulationError as error:
        raise UsageError(str(error)) from None
    for line in description(recording):
        write_line(console, line)
    return 0 if arguments.dry_run else _replay(console, recording, to, arguments.speed)


def _replay(console: Console, recording: Recording, to: Destination, speed: float | None) -> int:
    tally = ReplayTally()
    try:
        with progress_on(console, recording.rows) as progress:
            asyncio.run(replay(recording, to, tally, progress, speed=speed))
    except SimulationError as error:
        raise UsageError("\n".join([str(error), *_progress_lines(tally)])) from None
    except KeyboardInterrupt:
        raise UsageError("\n".join(["stopped", *_progress_lines(tally)])) from None
    for line in tally.summary():
        write_line(console, line)
    return 0 if tally.is_complete else 1


def _progress_lines(tally: ReplayTally) -> list[str]:
    if not tally.sent:
        return []
    return [*tally.summary(), "run the same command again to complete it: rows with the same time are overwritten"]


def _speed(text: str) -> float:
    with suppress(ValueError):
        if 0 < (speed := float(text)) < float("inf"):
            return speed
    raise argparse.ArgumentTypeError("the value must be a number above 0")


def _time_format(text: str) -> str:
    if text in UNITS or "%" in text:
        return text
    raise argparse.ArgumentTypeError("the value must be s, ms, us, ns or a format such as '%d.%m.%Y %H:%M'")


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise argparse.ArgumentTypeError("the value must be the host and port of gRPC, such as localhost:50051")
    return text


def _zone(text: str) -> ZoneInfo:
    try:
        return zone(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a time zone such as Europe/Berlin") from None


def _delimiter(text: str) -> str:
    character = "\t" if text in ("tab", "\\t") else text
    if len(character) != 1 or character in '"\r\n':
        raise argparse.ArgumentTypeError("the value must be one character, or the word tab")
    return character


def _encoding(text: str) -> str:
    try:
        "".encode(text)
    except LookupError:
        raise argparse.ArgumentTypeError(f"{text} is not a text encoding such as utf-8, utf-16 or cp1252") from None
    return text


def _token(settings: Settings, server: str) -> str:
    """The admin token kept on this machine, for a server on this machine only."""
    if not local_defaults.is_local(server.rpartition(":")[0].strip("[]")):
        return ""
    try:
        return settings.admin_token.get_secret_value() or (settings.data_dir / ADMIN_TOKEN).read_text().strip()
    except OSError:
        return ""

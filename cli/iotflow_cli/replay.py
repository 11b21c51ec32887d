"""`iotflow replay`: a recording, sent as a device would."""

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
from iotflow_simulators.csv_choices import Choices
from iotflow_simulators.csv_description import description
from iotflow_simulators.csv_rows import Recording, inspect
from iotflow_simulators.csv_times import UNITS, zone
from iotflow_simulators.errors import SimulationFailed
from iotflow_simulators.key_store import KeyStore
from iotflow_simulators.progress import shown, write
from iotflow_simulators.replay import Destination, replay
from iotflow_simulators.tally import Tally

RECOGNISED = " (default: recognised, and refused where in doubt)"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command and its options."""
    parser = commands.add_parser("replay", help="send the rows of a CSV file as a device would")
    parser.add_argument(
        "file", type=Path, metavar="FILE.csv", help="a column of times, and one column for each measurement"
    )
    parser.add_argument("--device", required=True, metavar="NAME", help="registered where it does not exist")
    parser.add_argument(
        "--server",
        type=_address,
        metavar="HOST:PORT",
        help="its gRPC address (default: 127.0.0.1 and IOTFLOW_GRPC_PORT, else 50051)",
    )
    parser.add_argument("--speed", type=_speed, metavar="N", help="N times real time (default: as fast as possible)")
    parser.add_argument(
        "--time-column",
        default="",
        metavar="COLUMN",
        help="the times: a name of the header, or a number from 1" + RECOGNISED,
    )
    parser.add_argument(
        "--time-format",
        type=_time_format,
        metavar="FORMAT",
        # argparse reads a percent sign as its own.
        help="s, ms, us or ns since 1970, or such as '%%d.%%m.%%Y %%H:%%M:%%S'" + RECOGNISED,
    )
    parser.add_argument(
        "--timezone",
        type=_zone,
        metavar="ZONE",
        help="of times without an offset, such as Europe/Berlin (default: UTC)",
    )
    parser.add_argument(
        "--delimiter",
        type=_delimiter,
        metavar="CHARACTER",
        help="between cells; tab: the tabulator" + RECOGNISED,
    )
    parser.add_argument(
        "--encoding",
        type=_encoding,
        metavar="NAME",
        help="such as cp1252 (default: UTF-8, or UTF-16 with its mark)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what is recognised, and send nothing (default: send)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry it out; the exit code: 0 where every row is stored."""
    try:
        settings = load_settings()
    except WrongSettings as error:
        raise UsageError(f"The settings cannot be used:\n{error}") from None
    server = arguments.server or f"127.0.0.1:{settings.grpc_port}"
    to = Destination(server, arguments.device, KeyStore(settings.data_dir), _token(settings, server))
    choices = Choices(
        time_column=arguments.time_column,
        time_format=arguments.time_format or "",
        timezone=arguments.timezone,
        delimiter=arguments.delimiter or "",
        encoding=arguments.encoding or "",
    )
    console = Console()
    try:
        recording = inspect(arguments.file, choices)
    except SimulationFailed as error:
        raise UsageError(str(error)) from None
    for line in description(recording):
        write(console, line)
    return 0 if arguments.dry_run else _replay(console, recording, to, arguments.speed)


def _replay(console: Console, recording: Recording, to: Destination, speed: float | None) -> int:
    tally = Tally()
    try:
        with shown(console, recording.rows) as progress:
            asyncio.run(replay(recording, to, tally, progress, speed=speed))
    except SimulationFailed as error:
        raise UsageError("\n".join([str(error), *_how_far(tally)])) from None
    except KeyboardInterrupt:
        raise UsageError("\n".join(["stopped", *_how_far(tally)])) from None
    for line in tally.summary():
        write(console, line)
    return 0 if tally.is_whole else 1


def _how_far(tally: Tally) -> list[str]:
    if not tally.sent:
        return []
    return [*tally.summary(), "the same command sends all of it again, which is harmless: equal times overwrite"]


def _speed(text: str) -> float:
    with suppress(ValueError):
        if 0 < (speed := float(text)) < float("inf"):
            return speed
    raise argparse.ArgumentTypeError("a number above 0 is needed")


def _time_format(text: str) -> str:
    if text in UNITS or "%" in text:
        return text
    raise argparse.ArgumentTypeError("s, ms, us, ns or a format such as '%d.%m.%Y %H:%M' is needed")


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise argparse.ArgumentTypeError("the host and the port of gRPC are needed, such as localhost:50051")
    return text


def _zone(text: str) -> ZoneInfo:
    try:
        return zone(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no time zone; one is Europe/Berlin") from None


def _delimiter(text: str) -> str:
    character = "\t" if text in ("tab", "\\t") else text
    if len(character) != 1 or character in '"\r\n':
        raise argparse.ArgumentTypeError("one character, or the word tab, is needed")
    return character


def _encoding(text: str) -> str:
    try:
        "".encode(text)
    except LookupError:
        raise argparse.ArgumentTypeError(f"{text} is no encoding of texts; some are utf-8, utf-16, cp1252") from None
    return text


def _token(settings: Settings, server: str) -> str:
    """The admin token kept on this machine, for a server on this machine and no other."""
    if not local_defaults.is_local(server.rpartition(":")[0].strip("[]")):
        return ""
    try:
        return settings.admin_token.get_secret_value() or (settings.data_dir / ADMIN_TOKEN).read_text().strip()
    except OSError:
        return ""

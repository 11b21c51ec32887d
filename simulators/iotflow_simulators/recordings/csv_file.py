"""The lines of a CSV file, with its encoding and delimiter given or detected."""

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from iotflow_simulators import SimulationError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
# Lines from which the delimiter and the columns are detected.
SAMPLE_LINES = 100
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """The user's choices; an empty one is detected. time_column: a name of the header, or a number from 1. time_format: s, ms, us,
    ns, or a format of strptime. timezone: for times without an offset; None: UTC. delimiter: one character. encoding: Python's name.
    """

    time_column: str = ""
    time_format: str = ""
    timezone: ZoneInfo | None = None
    delimiter: str = ""
    encoding: str = ""


DETECT = CsvOptions()


@dataclass(frozen=True, slots=True)
class Source:
    """A file, its encoding and its delimiter."""

    path: Path
    encoding: str
    delimiter: str


def detect_source(path: Path, options: CsvOptions) -> Source:
    """The file with its encoding and delimiter. Raises SimulationError, which names the option that resolves an ambiguity."""
    encoding = options.encoding or _encoding(path)
    return Source(path, encoding, options.delimiter or _delimiter(path, encoding))


def read_lines(source: Source) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not blank, with the number of the line on which it ends.

    Raises SimulationError, naming file and line, where the file cannot be read or a line has fewer or more cells than the first.
    """
    path = source.path
    with _opened(path, source.encoding) as file:
        reader = csv.reader(file, strict=True, delimiter=source.delimiter)
        width = 0
        try:
            for cells in reader:
                if width and cells and len(cells) != width:
                    raise line_error(path, reader.line_num, f"{len(cells)} cells where the first line has {width}")
                if cells:
                    width = len(cells)
                    yield reader.line_num, cells
        except UnicodeError:
            raise line_error(path, reader.line_num + 1, _undecodable(source.encoding)) from None
        except csv.Error as error:
            raise line_error(path, reader.line_num, str(error)) from None


def line_error(path: Path, number: int, problem: str) -> SimulationError:
    """The error for a line of the file."""
    return SimulationError(f"{path}, line {number}: {problem}.")


def _delimiter(path: Path, encoding: str) -> str:
    """The character that divides all sample lines into the same number of cells, at least two."""
    fitting = [delimiter for delimiter in DELIMITERS if _divides(Source(path, encoding, delimiter))]
    if len(fitting) > 1:
        names = " and ".join(DELIMITERS[one] for one in fitting)
        raise SimulationError(f"{path}: {names} both divide its lines into columns. Name the delimiter: --delimiter.")
    return fitting[0] if fitting else _delimiter_of_header(path, encoding)


def _divides(source: Source) -> bool:
    try:
        widths = [len(cells) for _, cells in islice(read_lines(source), SAMPLE_LINES)]
    except SimulationError:
        return False
    return bool(widths) and widths[0] > 1


def _delimiter_of_header(path: Path, encoding: str) -> str:
    """The character that divides the first line, so that reading fails at the line that differs."""
    for delimiter in DELIMITERS:
        _, header = next(read_lines(Source(path, encoding, delimiter)), (0, []))
        if len(header) > 1:
            return delimiter
    return ","


def _encoding(path: Path) -> str:
    """UTF-8 with or without a byte order mark, or UTF-16 with one."""
    with _opened(path, "latin-1") as file:
        return "utf-16" if file.buffer.read(2) in _UTF_16 else "utf-8-sig"


def _undecodable(encoding: str) -> str:
    name = "UTF-8" if encoding == "utf-8-sig" else encoding
    return f"this is not {name} text; name the encoding, such as --encoding cp1252"


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    try:
        file = path.open(newline="", encoding=encoding)
    except OSError as error:
        raise SimulationError(f"{path}: {error.strerror}.") from None
    with file:
        yield file

"""A CSV file's lines, or a sentence that says what is wrong with it and where."""

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from iotflow_simulators.csv_choices import Choices
from iotflow_simulators.errors import SimulationFailed

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
# How many lines the delimiter is recognised by.
LOOKED_AT = 100
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and how its text is read."""

    path: Path
    encoding: str
    delimiter: str


def source(path: Path, choices: Choices) -> Source:
    """The file as chosen, or recognised. Raises SimulationFailed, which names the option that resolves what is in doubt."""
    encoding = choices.encoding or _encoding(path)
    return Source(path, encoding, choices.delimiter or _delimiter(path, encoding))


def lines(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Each line's cells, with the number of the line it ends on; blank lines are left out.

    Raises SimulationFailed, naming file and line, where the file cannot be read or a line is not as long as the first.
    """
    path = source.path
    with _opened(path, source.encoding) as file:
        reader = csv.reader(file, strict=True, delimiter=source.delimiter)
        width = 0
        try:
            for cells in reader:
                if width and cells and len(cells) != width:
                    raise wrong(path, reader.line_num, f"{len(cells)} cells where the first line has {width}")
                if cells:
                    width = len(cells)
                    yield reader.line_num, cells
        except UnicodeError:
            raise wrong(path, reader.line_num + 1, _undecodable(source.encoding)) from None
        except csv.Error as error:
            raise wrong(path, reader.line_num, str(error)) from None


def wrong(path: Path, number: int, problem: str) -> SimulationFailed:
    """What is wrong with a line."""
    return SimulationFailed(f"{path}, line {number}: {problem}.")


def _delimiter(path: Path, encoding: str) -> str:
    """The one character that divides the first lines into equally many cells, two at the least."""
    fitting = [delimiter for delimiter in DELIMITERS if _divides(Source(path, encoding, delimiter))]
    if len(fitting) > 1:
        names = " and ".join(DELIMITERS[one] for one in fitting)
        raise SimulationFailed(f"{path}: {names} both divide its lines into columns. Say which one does: --delimiter.")
    return fitting[0] if fitting else _of_header(path, encoding)


def _divides(source: Source) -> bool:
    try:
        widths = [len(cells) for _, cells in islice(lines(source), LOOKED_AT)]
    except SimulationFailed:
        return False
    return bool(widths) and widths[0] > 1


def _of_header(path: Path, encoding: str) -> str:
    """Where no line of all fits: what divides the first, so that the reading can say which line does not."""
    for delimiter in DELIMITERS:
        _, header = next(lines(Source(path, encoding, delimiter)), (0, []))
        if len(header) > 1:
            return delimiter
    return ","


def _encoding(path: Path) -> str:
    """UTF-8, with the mark that spreadsheets write or without; UTF-16 only with one."""
    with _opened(path, "latin-1") as file:
        return "utf-16" if file.buffer.read(2) in _UTF_16 else "utf-8-sig"


def _undecodable(encoding: str) -> str:
    name = "UTF-8" if encoding == "utf-8-sig" else encoding
    return f"this is not {name} text; name its encoding, such as --encoding cp1252"


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    try:
        file = path.open(newline="", encoding=encoding)
    except OSError as error:
        raise SimulationFailed(f"{path}: {error.strerror}.") from None
    with file:
        yield file

"""A CSV file's lines, or a sentence that says what is wrong with it and where."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from iotflow_simulators.errors import SimulationFailed


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The header and then each row, with the number of the line it ends on; blank lines are left out.

    Raises SimulationFailed, naming file and line, where the file cannot be read or a row is not as long as the header.
    """
    with _opened(path) as file:
        reader = csv.reader(file, strict=True)
        width = 0
        try:
            for cells in reader:
                if width and cells and len(cells) != width:
                    raise wrong(path, reader.line_num, f"{len(cells)} cells where the header has {width}")
                if cells:
                    width = len(cells)
                    yield reader.line_num, cells
        except UnicodeDecodeError:
            raise wrong(path, reader.line_num + 1, "this is not UTF-8 text") from None
        except csv.Error as error:
            raise wrong(path, reader.line_num, str(error)) from None


def wrong(path: Path, number: int, problem: str) -> SimulationFailed:
    """What is wrong with a line."""
    return SimulationFailed(f"{path}, line {number}: {problem}.")


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        # Spreadsheets write a byte order mark.
        file = path.open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise SimulationFailed(f"{path}: {error.strerror}.") from None
    with file:
        yield file

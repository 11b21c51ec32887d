"""CSV files of devices: a header with `name` and optional columns, and a row for each device."""

import csv
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow_cli.device_import.problems import ImportProblem

NAME = "name"
COLUMNS = tuple(field.name for field in RegisterDeviceRequest.DESCRIPTOR.fields)
# Problems of one report. A file that is not what it should be has one in each row.
MOST_PROBLEMS = 20
# Characters of one line: a file of another kind may have none.
LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """line: of the file, counted from 1."""

    line: int
    device: RegisterDeviceRequest


class DeviceFile:
    """A CSV file in UTF-8. It is read once to check all rows, before anything is sent, and again to send them.

    The columns are those of RegisterDevice, in any order.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Of the names, so that a repeated one is reported with both lines.
        self._lines: dict[str, int] = {}
        self._check()

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def names(self) -> Collection[str]:
        """The names of all devices."""
        return self._lines.keys()

    def rows(self) -> Iterator[DeviceRow]:
        """The devices, in the order of the file. Raises ImportProblem if the file has changed and is no longer valid."""
        for line, cells in self._cells():
            yield DeviceRow(line, RegisterDeviceRequest(**cells))

    def _check(self) -> None:
        problems: list[str] = []
        for line, cells in self._cells():
            name = cells.get(NAME, "")
            if not name:
                problems.append(self._at(line, "the name is empty"))
            elif name in self._lines:
                problems.append(self._at(line, f"the name {name!r} is also in line {self._lines[name]}"))
            self._lines.setdefault(name, line)
            if len(problems) == MOST_PROBLEMS:
                break
        if problems:
            raise ImportProblem(problems)
        if not self._lines:
            raise ImportProblem([f"{self._path}: the file has no devices"])

    def _cells(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The cells of each row by column, without empty ones, and its line."""
        columns: Sequence[str] = ()
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ImportProblem([f"{self._path}: is not a regular file, which is read twice"])
                reader = csv.reader(self._lines_of(file), strict=True)
                columns = self._columns(next(reader, []))
                for cells in reader:
                    if len(cells) > len(columns):
                        problem = f"{len(cells)} cells, but the header has {len(columns)} columns"
                        raise ImportProblem([self._at(reader.line_num, problem)])
                    if cells:
                        yield reader.line_num, {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
        except csv.Error as error:
            raise ImportProblem([self._at(reader.line_num, str(error))]) from None
        except UnicodeDecodeError as error:
            raise ImportProblem([f"{self._path}: is not UTF-8 (byte 0x{error.object[error.start]:02x})"]) from None
        except OSError as error:
            raise ImportProblem([f"{self._path}: {error.strerror}"]) from None

    def _lines_of(self, file: TextIO) -> Iterator[str]:
        while line := file.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise ImportProblem([f"{self._path}: a line has more than {LONGEST_LINE:,} characters"])
            yield line

    def _columns(self, header: Sequence[str]) -> Sequence[str]:
        columns = [cell.strip() for cell in header]
        if NAME not in columns:
            raise ImportProblem([self._at(1, f"the header has no column `{NAME}`; columns are {', '.join(COLUMNS)}")])
        if unknown := [column for column in columns if column not in COLUMNS]:
            problem = f"unknown column {unknown[0]!r}; columns are {', '.join(COLUMNS)}"
            raise ImportProblem([self._at(1, problem)])
        if len(set(columns)) < len(columns):
            raise ImportProblem([self._at(1, "the header has a column twice")])
        return columns

    def _at(self, line: int, problem: str) -> str:
        return f"{self._path}:{line}: {problem}"

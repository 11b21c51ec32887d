"""Shows the results and the errors of commands. Every command goes through here."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO

from iotflow_cli.output.results import Events, Record, Result, Row, Table, Text
from iotflow_cli.output.values import shown_lines

JSON_OPTION = "--json"


@dataclass(frozen=True, slots=True)
class Output:
    """as_json: for programs."""

    as_json: bool = False

    @classmethod
    def for_arguments(cls, arguments: Sequence[str]) -> "Output":
        """The output that the arguments ask for. Errors of the arguments themselves need it as well."""
        options = arguments[: arguments.index("--")] if "--" in arguments else arguments
        return cls(JSON_OPTION in options)

    def show(self, result: Result) -> int:
        """Write a result to the standard output; the exit code."""
        if isinstance(result, int):
            return result
        if isinstance(result, Text):
            _write_line(sys.stdout, result.text)
        elif self.as_json:
            for row in _objects(result):
                _write_line(sys.stdout, _json(row))
        else:
            _show_on_terminal(result)
        return result.exit_code if isinstance(result, Record) else 0

    def note(self, text: str, **data: Any) -> None:
        """Write what happens besides the result to the standard error."""
        _write_line(sys.stderr, _json({"note": text, **data}) if self.as_json else shown_lines(f"iotflow: {text}"))

    def fail(self, error: Exception) -> int:
        """Write an error to the standard error; the exit code."""
        from iotflow_cli.output.failures import failure_of

        failure = failure_of(error)
        _write_line(sys.stderr, _json(failure.data) if self.as_json else shown_lines(failure.text))
        return failure.exit_code


def _objects(result: Table | Record | Events | None) -> Iterable[Row]:
    if isinstance(result, Record):
        return (result.data,)
    return result.rows if result else ()


def _show_on_terminal(result: Table | Record | Events | None) -> None:
    if isinstance(result, Events):
        for row in result.rows:
            _write_line(sys.stdout, shown_lines(result.line(row)))
    elif isinstance(result, Record) and result.sentence:
        _write_line(sys.stdout, shown_lines(result.sentence))
    elif result:
        _show_formatted(result)


def _show_formatted(result: Table | Record) -> None:
    # Rich is needed for tables only.
    from iotflow_cli.output.terminal import console_on, write_record, write_table

    console = console_on(sys.stdout)
    if isinstance(result, Record):
        write_record(console, result.data)
    else:
        write_table(console, result.rows, result.columns, result.nothing)


def _write_line(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()


def _json(data: Row) -> str:
    return json.dumps(data, ensure_ascii=False, default=_json_value, allow_nan=False)


def _json_value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)

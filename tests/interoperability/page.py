"""The tables of docs/mqtt-interoperability.md."""

from collections.abc import Iterable
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "mqtt-interoperability.md"


def write_table(name: str, lines: Iterable[str]) -> None:
    """Replace what is between the marks of this name."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = PAGE.read_text().split(begin)
    _, after = rest.split(end)
    PAGE.write_text("\n".join([f"{before}{begin}", *lines, f"{end}{after}"]))

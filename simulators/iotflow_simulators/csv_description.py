"""What was recognised in a CSV file, for the person who has it sent."""

from collections.abc import Iterator
from datetime import UTC, datetime

from iotflow_simulators.csv_lines import DELIMITERS
from iotflow_simulators.csv_rows import Recording

# So many columns are told one by one.
SHOWN = 50


def description(recording: Recording) -> Iterator[str]:
    """Lines."""
    file, found, choices = recording.source, recording.layout, recording.choices
    encoding = "utf-8" if file.encoding == "utf-8-sig" else file.encoding
    delimiter = DELIMITERS.get(file.delimiter, repr(file.delimiter))
    header = "" if found.has_header else ", no header: columns are named column1, column2, …"
    yield f"{file.path}: {recording.rows:,} rows, {encoding}, divided by {delimiter}{header}"
    first, last = (_shown(time) for time in recording.times)
    by = f", recognised {found.recognised_by}" if found.recognised_by else ""
    zone = choices.timezone or "UTC"
    form = choices.time_format or "as written"
    yield f"times: {found.names[found.time_index]!r}{by}, {form}, without an offset {zone}: from {first} to {last}"
    if recording.told_apart:
        yield f"{recording.told_apart:,} times of the hour that comes twice were told apart by the order of rows"
    for item in recording.measurements[:SHOWN]:
        missing = f", {item.missing:,} of them missing (such as N/A)" if item.missing else ""
        yield f"{item.name}: {item.kind.value}{missing}"
    if len(recording.measurements) > SHOWN:
        yield f"and {len(recording.measurements) - SHOWN:,} measurements more"
    if named := [name for name in recording.empty if name]:
        yield f"without any value, and not sent: {', '.join(named[:SHOWN])}"


def _shown(time: int) -> str:
    try:
        return datetime.fromtimestamp(time / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return f"{time} ms"

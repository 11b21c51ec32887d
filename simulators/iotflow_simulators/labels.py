"""The truth about anomalies, for detectors: one JSON object a line."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Label(NamedTuple):
    """An anomaly: a whole fault at one device, or one reading that it changed.

    device: name. measurement: empty where the fault concerns whole readings or the connection; `timestamp` where it concerns the
    stated time. start, end: ms since 1970. For a fault, these are the true times of begin and end. For a reading, both are the
    time that the device states. fault: its name. sequence: of the reading; None: the label is of a whole fault.
    true_value: the value before the change; None where no value was changed.
    """

    device: str
    measurement: str
    start: int
    end: int
    kind: str
    fault: str
    parameters: Mapping[str, Any]
    sequence: int | None = None
    true_value: Any = None


def label_line(label: Label) -> bytes:
    """The label as a line of JSON."""
    return json.dumps(label._asdict(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def label_lines(labels: Iterable[Label]) -> bytes:
    """The labels as lines of JSON."""
    return b"".join(map(label_line, labels))

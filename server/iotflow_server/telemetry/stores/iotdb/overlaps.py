"""Where IoTDB cannot be asked for several columns of a device at once.

IoTDB (2.0.1-beta, and its sources of today) merges the files that hold a device's rows, the newest first, and looks one row
ahead: having taken a row from the newest file and passed over the same row of an older one, it also takes that older one's
next row, if it is the newest one's next as well, and puts its values where the newest has none. A file of an age
between the two that has that next row, but not the row before, comes too late: its values are lost, and older ones show.
It takes three sources of one row (files, or what is in memory), the newest with a gap in one column and a value in another.

Which cells have a value is right nevertheless, and so are the values of a column that is asked for alone, since then no
row has gaps, and those of a single time, since then there is no next row. What IoTDB's compaction lost in the same way no
question brings back.
"""

import re

from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult
from iotflow_server.telemetry.stores.iotdb.names import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.spans import within

_FRAGMENTS = re.compile(r"Fragment Instances Count: (\d+)")
# Of each fragment: what was written out of the order of time, in memory and on disk.
_UNORDERED = re.compile(r"UnSeq File\(unclosed\): (\d+), UnSeq File\(closed\): (\d+)")


def question(paths: Paths, device_id: int, measurement: str, span: Span) -> str:
    """The statement whose answer `in_order` understands; the measurement exists. It must be asked before the rows are:
    what overlaps after that it takes two flushes."""
    return f"EXPLAIN ANALYZE SELECT max_time({quoted(measurement)}) FROM {paths.device(device_id)} {within(span)}"


def in_order(told: QueryResult | None) -> bool:
    """Whether all rows of the span that are there were written in the order of time, so that each is in one source;
    False where IoTDB does not say."""
    text = "\n".join(line for cells in told.columns.values() for line in cells.values) if told else ""
    fragments, unordered = _FRAGMENTS.search(text), _UNORDERED.findall(text)
    return (
        fragments is not None
        and int(fragments[1]) == len(unordered) > 0
        and all(counts == ("0", "0") for counts in unordered)
    )

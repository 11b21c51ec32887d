"""JSON readings of REST, MQTT and recordings: one grammar, and one rule for names, times, values and limits.

A receiver passes the bytes of the payload:

    content = document(payload)                      # raises InvalidReading if it is not JSON
    decoded = decode(payload, content, now_ms)       # a reading, a list of readings, or {"readings": [...]}

`decoded.readings` are to be stored. `decoded.problems` are the readings and values that are rejected. `decoded.notices` are the
readings that are stored differently from their payload. MQTT and the REST paths for JSON bodies use the same two calls.
"""

from iotflow.readings.decoding import MOST_PROBLEMS, Decoded, decode, decode_items
from iotflow.readings.document import EXACT, InvalidReading, document
from iotflow.readings.times import InvalidTime, parse_time
from iotflow.readings.values import LONGEST_NAME, MOST_MEASUREMENTS, Reading, Values, name_problem

__all__ = [
    "EXACT",
    "LONGEST_NAME",
    "MOST_MEASUREMENTS",
    "MOST_PROBLEMS",
    "Decoded",
    "InvalidReading",
    "InvalidTime",
    "Reading",
    "Values",
    "decode",
    "decode_items",
    "document",
    "name_problem",
    "parse_time",
]

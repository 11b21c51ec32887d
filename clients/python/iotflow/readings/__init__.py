"""JSON readings, as REST, MQTT and recordings have them: one grammar, one rule for names, times, values and limits.

A door hands over the bytes that came:

    content = document(payload)                      # raises InvalidReading where it is not JSON
    decoded = decode(payload, content, now_ms)       # a reading, a list of readings, or {"readings": [...]}

`decoded.readings` is to be stored, `decoded.problems` names what is not, down to the single value, and `decoded.notices` names
what is stored otherwise than it was meant. A REST path that takes the payload of an MQTT message uses the same two calls.
"""

from iotflow.readings.decoding import MOST_PROBLEMS, Decoded, decode, decode_items
from iotflow.readings.document import EXACT, document
from iotflow.readings.names import LONGEST_NAME, name_problem
from iotflow.readings.problem import InvalidReading
from iotflow.readings.times import InvalidTime, parse_time
from iotflow.readings.values import MOST_MEASUREMENTS, Reading, Values

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

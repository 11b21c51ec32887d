"""What one StreamTelemetry call carried."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from clients.conformance.relay_faults import Call, Fault
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse


class StreamRecord(Fault):
    """sequences: of the client's batches, in order. rows: of each. acknowledged: the last sequence that the client got.

    largest_window: largest number of batches without acknowledgement. before_first: batches before the first
    acknowledgement.
    """

    def __init__(self) -> None:
        self.sequences: list[int] = []
        self.rows: list[int] = []
        self.sizes: list[int] = []
        self.acknowledged = 0
        self.largest_window = 0
        self.before_first = 0

    @property
    def facts(self) -> dict[str, Any]:
        """The record as a scenario sees it. rising: whether each sequence is above the one before. repeated: those sent again."""
        return {
            "batches": len(self.sequences),
            "rows": sum(self.rows),
            "first_sequence": min(self.sequences, default=0),
            "last_sequence": max(self.sequences, default=0),
            "repeated": sorted(each for each, times in Counter(self.sequences).items() if times > 1),
            "rising": all(before < after for before, after in pairwise(self.sequences)),
            "largest_rows": max(self.rows, default=0),
            "largest_bytes": max(self.sizes, default=0),
            "largest_window": self.largest_window,
            "before_first": self.before_first,
        }

    @classmethod
    def together(cls, records: "Iterable[StreamRecord]") -> "StreamRecord":
        """What several calls carried, one after the other."""
        whole = cls()
        for each in records:
            whole.sequences += each.sequences
            whole.rows += each.rows
            whole.sizes += each.sizes
            whole.largest_window = max(whole.largest_window, each.largest_window)
            whole.before_first = max(whole.before_first, each.before_first)
        return whole

    def request(self, _call: Call, message: bytes) -> None:
        batch = TelemetryBatch.FromString(message)
        self.sequences.append(batch.sequence)
        self.rows.append(len(batch.timestamps))
        self.sizes.append(len(message))
        waiting = sum(sequence > self.acknowledged for sequence in self.sequences[-1_000:])
        self.largest_window = max(self.largest_window, waiting)
        self.before_first += not self.acknowledged

    def answer(self, _call: Call, message: bytes) -> list[bytes]:
        answer = StreamTelemetryResponse.FromString(message)
        self.acknowledged = max(self.acknowledged, answer.committed_sequence)
        return [message]

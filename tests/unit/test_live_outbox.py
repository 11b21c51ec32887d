"""Any sequence of sends: other processes receive entries in order, once, and losses are counted."""

from hypothesis import given
from hypothesis import strategies as st

from iotflow_server.cluster.live.entries import head_of, readings_in
from iotflow_server.cluster.live.outbox import Outbox
from iotflow_server.telemetry.live import LiveReadings
from tests.support.live import stored

# About eight entries.
LIMIT = 1_000
# Results of an append: appended; failed; appended although it seemed to fail.
COURSES = st.sampled_from(["taken", "refused", "taken unawares"])
STEPS = st.lists(
    st.tuples(st.just("put"), st.integers(1, 12)) | st.tuples(st.just("send"), st.tuples(COURSES, st.integers(0, 12))),
    max_size=30,
)


class Others:
    """The view of another process: entries by number, each once."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.dropped = 0
        self._last = 0

    def receive(self, payload: bytes) -> None:
        head = head_of(payload)
        if head.number > self._last:
            self._last = head.number
            self.dropped += head.dropped
            for readings in readings_in(payload):
                self.values += readings.batch.columns[0].values.tolist()


class Sender:
    """Puts ascending values."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.sent = 0

    def put(self, times: int) -> None:
        for _ in range(times):
            one = stored(1, [self.sent])
            self.outbox.put([LiveReadings(one.device, one.batch)])
            self.sent += 1

    def send(self, others: Others, course: str, meanwhile: int) -> None:
        entries = self.outbox.next()
        if not entries:
            return
        if course != "refused":
            for _, payload in entries:
                others.receive(payload)
        self.put(meanwhile)
        self.outbox.drop_oldest()
        self.outbox.settle(appended=course == "taken")
        self.outbox.drop_oldest()


@given(STEPS)
def test_entries_are_received_once_in_order_and_losses_are_counted(steps: list[tuple[str, object]]) -> None:
    outbox, others = Outbox(LIMIT), Others()
    sender, certain = Sender(outbox), True
    for step, detail in steps:
        match step, detail:
            case "put", int(times):
                sender.put(times)
                outbox.drop_oldest()
                assert outbox.waiting_bytes <= LIMIT
            case "send", (str(course), int(meanwhile)):
                certain = certain and course != "taken unawares"
                sender.send(others, course, meanwhile)
    while outbox.waiting_readings:
        sender.send(others, "taken", 0)
    sender.put(1)
    sender.send(others, "taken", 0)
    assert others.values == sorted(set(others.values))
    # Entries that were appended despite an error, and then dropped, were received nevertheless.
    assert len(others.values) + others.dropped >= sender.sent
    assert not certain or (len(others.values) + others.dropped, others.dropped) == (sender.sent, outbox.dropped)
    assert [
        value for readings in outbox.take_unpublished() for value in readings.batch.columns[0].values.tolist()
    ] == list(range(sender.sent))


def test_appended_entries_are_sent_again_to_a_stream_that_lost_them() -> None:
    outbox, first, second = Outbox(LIMIT), Others(), Others()
    sender = Sender(outbox)
    sender.put(3)
    sender.send(first, "taken", 0)
    sender.put(2)
    outbox.put_back()
    for payload in [payload for _, payload in outbox.next()]:
        first.receive(payload)
        second.receive(payload)
    outbox.settle(appended=True)
    assert first.values == second.values == list(range(5))


def test_readings_wait_until_they_are_appended() -> None:
    outbox = Outbox(LIMIT)
    assert (outbox.waiting_readings, outbox.waiting_bytes) == (0, 0)
    Sender(outbox).put(3)
    assert outbox.waiting_readings == 3
    assert outbox.waiting_bytes > 0
    outbox.next()
    outbox.settle(appended=False)
    assert outbox.waiting_readings == 3
    outbox.next()
    outbox.settle(appended=True)
    assert (outbox.waiting_readings, outbox.waiting_bytes) == (0, 0)

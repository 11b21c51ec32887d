"""The readings of one device: those that wait, those on their way, and what becomes of each."""

from collections import deque

from iotflow_simulators.doors.link import Outgoing, Problem
from iotflow_simulators.running.accounts import Accounts
from iotflow_simulators.running.outbox import Outbox

# A refusal comes twice within the window of a link.
RECENTLY_REFUSED = 64


class ReadingFates:
    """index: of the device in the plan. remembered: last readings that are kept. Times are in seconds of the running loop."""

    def __init__(self, index: int, accounts: Accounts, remembered: int) -> None:
        self.outbox = Outbox()
        self.last: deque[Outgoing] = deque(maxlen=remembered)
        self._index = index
        self._accounts = accounts
        self._newest = -1
        # Whole readings that were refused last.
        self._refused: dict[int, None] = {}

    def submit(self, outgoing: Outgoing, now: float) -> bool:
        """A reading leaves the schedule. Whether the device has room for it."""
        accounts = self._accounts
        accounts.left(outgoing, now)
        self._newest = outgoing.number
        self.last.append(outgoing)
        if self.outbox.add(outgoing):
            return True
        accounts.dropped(outgoing)
        return False

    def acknowledged(self, outgoing: Outgoing, now: float) -> bool:
        """The service has stored a reading. Whether it was on its way."""
        if not self.outbox.report(outgoing.number):
            return False
        self._accounts.acknowledged(outgoing, now)
        return True

    def refused(self, number: int, reason: str, measurement: str, message: str, now: float) -> bool:
        """The service has refused a reading, or one value of it. Whether a whole reading was on its way."""
        accounts, device = self._accounts, self._index
        if not 0 <= number <= self._newest:
            # It was not sent.
            return False
        if measurement:
            accounts.refused_value(device, number, reason, measurement, message, now)
            return False
        outgoing = self.outbox.report(number)
        if number in self._refused:
            # MQTT 5 refuses in the acknowledgement and on `…/errors`.
            return outgoing is not None
        self._refused[number] = None
        if len(self._refused) > RECENTLY_REFUSED:
            del self._refused[next(iter(self._refused))]
        if outgoing:
            accounts.refused(device, outgoing, reason, message, now)
            return True
        accounts.refused_late(device, number, reason, message, now)
        for outgoing in self.last:
            if outgoing.number == number:
                outgoing.fate = f"refused: {reason}"
        return False

    def refuse_waiting(self, problem: Problem, now: float) -> None:
        """The service has refused the device, and with it all that waits."""
        for outgoing in self.outbox.drain():
            self._accounts.refused(self._index, outgoing, problem.reason, problem.message, now)

"""Readings and events of a fleet that are due later than the window in which they were made."""

from iotflow_simulators.generation.events import ConnectionEvent
from iotflow_simulators.generation.rows import Rows, joined

# Later than everything, in ms.
NEVER = 1 << 60
# Parts of rows that a window looks at.
_MOST_PARTS = 64


class Pending:
    """events: those that are known from the start."""

    def __init__(self, events: list[ConnectionEvent]) -> None:
        self.events = events
        # In parts, each with its earliest due time.
        self._rows: list[tuple[int, Rows]] = []

    def due_rows(self, rows: Rows, end: int) -> Rows:
        """Rows due before `end`, of these and of the pending ones. The others are pending."""
        ready, later = [], []
        for earliest, part in [*self._rows, (int(rows.due.min()) if len(rows) else NEVER, rows)]:
            if earliest >= end and part is not rows:
                later.append((earliest, part))
                continue
            is_due = part.due < end
            if is_due.all():
                ready.append(part)
                continue
            ready.append(part.take(is_due))
            rest = part.take(~is_due)
            later.append((int(rest.due.min()), rest))
        self._rows = _compact(later)
        return joined(ready).in_order() if len(ready) > 1 else ready[0].in_order()

    def due_events(self, end: int) -> list[ConnectionEvent]:
        """Events due before `end`, which are pending no more."""
        due = [event for event in self.events if event.due < end]
        if due:
            self.events = [event for event in self.events if event.due >= end]
        return due


def _compact(parts: list[tuple[int, Rows]]) -> list[tuple[int, Rows]]:
    """Join the parts where there are many, so that a window looks at few."""
    if len(parts) < _MOST_PARTS:
        return parts
    return [(min(earliest for earliest, _ in parts), joined([rows for _, rows in parts]))]

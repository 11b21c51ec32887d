"""When a program that failed starts again."""

import signal
from dataclasses import dataclass
from typing import Protocol, Self


@dataclass(frozen=True)
class RestartPolicy:
    """first_pause, longest_pause: seconds until the next start; each failure in a row doubles them. most_restarts: starts after
    failures in a row; None: no limit. steady_seconds: a program that was ready for longer begins a new row of failures."""

    first_pause: float = 0.5
    longest_pause: float = 30.0
    most_restarts: int | None = 5
    steady_seconds: float = 60.0

    def pause_after(self, failures: int) -> float:
        """Seconds until the next start, after this many failures in a row."""
        return min(self.first_pause * 2.0 ** min(failures - 1, 30), self.longest_pause)


@dataclass(frozen=True, slots=True)
class Failure:
    """reason: the rest of a sentence that begins with the program's name. ready_seconds: how long it was ready."""

    reason: str
    pid: int | None = None
    by_signal: bool = False
    ready_seconds: float = 0.0

    @classmethod
    def ended(cls, pid: int, code: int, ready_seconds: float = 0.0) -> Self:
        """code: negative for the signal that ended the process."""
        how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        return cls(f"ended {how}", pid, code < 0, ready_seconds)


class GivenUp(Exception):
    """A program failed and is not started again; a sentence without its full stop."""


class Reporter(Protocol):
    """Takes the events of a run. name: of the program."""

    def ready(self, name: str, pid: int) -> None:
        """The program is ready, for the first time or again."""

    def failed(self, name: str, failure: Failure, failures: int, pause: float) -> None:
        """The program starts again in `pause` seconds. failures: in a row."""

    def killed(self, name: str) -> None:
        """The program did not end within its grace."""

    def stopping(self, problem: str) -> None:
        """All programs are about to be stopped: on request (empty), or for this reason."""

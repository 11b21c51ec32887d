"""Steps that change calls on their way."""

from typing import Any, Literal

from clients.conformance import relay_faults
from clients.conformance.matching import mismatch
from clients.conformance.relay import Relay
from clients.conformance.relay_faults import Status, status_code
from clients.conformance.stage import Stage
from clients.conformance.steps.base import PATIENCE, Step, step
from clients.conformance.stream_record import StreamRecord
from clients.conformance.waiting import ScenarioFailed, poll


def _relay(stage: Stage) -> Relay:
    if stage.relay is None:
        raise ScenarioFailed("The scenario has no relay. State `relay: true`.")
    return stage.relay


@step("relay.fail")
class FailCalls(Step):
    """Ends the next `times` calls (0: all) of a method after `after` requests of the client; 0: before the first.

    reason: of the server's details; empty: the status has none, as if it came from a proxy.
    """

    method: str = "StreamTelemetry"
    code: str
    reason: str = ""
    retryable: bool = False
    retry_after: float | str | None = None
    after: int = 0
    times: int = 1

    async def run(self, stage: Stage) -> None:
        retry_after = None if self.retry_after is None else float(stage.resolve(self.retry_after))
        reason = stage.resolve(self.reason)
        status = Status(status_code(stage.resolve(self.code)), reason, self.retryable, retry_after)
        fault = relay_faults.FailCalls(self.method, status, after=self.after, times=self.times)
        _relay(stage).faults.append(fault)


@step("relay.reject_batches")
class RejectBatches(Step):
    """Ends a stream with an error that is not retryable as soon as a batch holds the measurement."""

    measurement: str
    code: str = "INVALID_ARGUMENT"
    reason: str = "INVALID_ARGUMENT"

    async def run(self, stage: Stage) -> None:
        _relay(stage).faults.append(
            relay_faults.RejectBatches(self.measurement, Status(status_code(self.code), self.reason))
        )


@step("relay.lose_answers")
class LoseAnswers(Step):
    """The server executes the next calls of a method, and the client gets UNAVAILABLE in place of the answer."""

    method: str
    times: int = 1

    async def run(self, stage: Stage) -> None:
        _relay(stage).faults.append(relay_faults.LoseAnswers(self.method, self.times))


@step("relay.repeat_answers")
class RepeatAnswers(Step):
    """Every message of the server in calls of a method comes twice."""

    method: str

    async def run(self, stage: Stage) -> None:
        _relay(stage).faults.append(relay_faults.RepeatAnswers(self.method))


@step("relay.enlarge_answers")
class EnlargeAnswers(Step):
    """The next messages of the server in calls of a method get so many mebibytes more, in a field that no client knows."""

    method: str = "StreamTelemetry"
    mebibytes: int
    times: int = 1

    async def run(self, stage: Stage) -> None:
        fault = relay_faults.EnlargeAnswers(self.method, self.mebibytes << 20, self.times)
        _relay(stage).faults.append(fault)


@step("relay.acknowledgements")
class Acknowledgements(Step):
    """drop: loses the next `count`. repeat_older: after each one, the one before it comes again. hold: none comes."""

    fault: Literal["drop", "repeat_older", "hold"]
    count: int = 1

    async def run(self, stage: Stage) -> None:
        faults = {
            "drop": relay_faults.DropAcknowledgements(self.count),
            "repeat_older": relay_faults.RepeatOlderAcknowledgements(),
            "hold": relay_faults.HoldAcknowledgements(),
        }
        _relay(stage).faults.append(faults[self.fault])


@step("relay.dropped")
class Dropped(Step):
    """The number of acknowledgements that the relay has dropped matches."""

    count: Any

    async def run(self, stage: Stage) -> None:
        faults = _relay(stage).faults
        dropped = sum(fault.dropped for fault in faults if isinstance(fault, relay_faults.DropAcknowledgements))
        if complaint := mismatch(self.count, dropped, "the number of dropped acknowledgements"):
            raise ScenarioFailed(complaint)


@step("relay.pass")
class PassCalls(Step):
    """Ends all faults of the relay for calls that begin from now on."""

    async def run(self, stage: Stage) -> None:
        _relay(stage).faults.clear()


@step("streams")
class Streams(Step):
    """Waits until the StreamTelemetry calls so far match: their number, each of them, the last one, and all together.

    A call has `batches`, `rows`, `first_sequence`, `last_sequence`, `rising`, `repeated` (sequences that were sent again),
    `largest_rows`, `largest_bytes`, `largest_window` and `before_first` (batches before the first acknowledgement). `all` has
    the same; it suits clients that send each batch in a call of its own, too.
    """

    count: Any = None
    each: dict[str, Any] = {}
    last: dict[str, Any] = {}
    all: dict[str, Any] = {}
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        streams = _relay(stage).streams

        async def complaint() -> str:
            facts = [stream.facts for stream in streams]
            wrong = [mismatch(self.each, each, f"stream {number}") for number, each in enumerate(facts, 1)]
            if self.count is not None:
                wrong.append(mismatch(self.count, len(facts), "the number of streams"))
            if self.last:
                wrong.append(mismatch(self.last, facts[-1] if facts else {}, "the last stream"))
            wrong.append(mismatch(self.all, StreamRecord.together(streams).facts, "all streams together"))
            return next(filter(None, wrong), "")

        await poll(complaint, self.within)


@step("calls")
class Calls(Step):
    """Waits until the number of calls of a method so far matches."""

    method: str
    count: Any
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        async def complaint() -> str:
            return mismatch(self.count, _relay(stage).calls.count(self.method), f"the number of calls of {self.method}")

        await poll(complaint, self.within)

"""Steps that break connections."""

from itertools import pairwise
from typing import Any

from clients.conformance.matching import mismatch
from clients.conformance.proxy import Faults
from clients.conformance.stage import Stage
from clients.conformance.steps.base import PATIENCE, Step, step
from clients.conformance.waiting import ScenarioFailed, poll


@step("proxy.kill")
class KillConnections(Step):
    """Resets all connections on both sides."""

    async def run(self, stage: Stage) -> None:
        stage.proxy.kill()


@step("proxy.refuse")
class RefuseConnections(Step):
    """Resets present connections, and each new one as soon as it is accepted."""

    async def run(self, stage: Stage) -> None:
        stage.proxy.refuse = True
        stage.proxy.kill()


@step("proxy.speak")
class SpeakOtherProtocol(Step):
    """Answers the first bytes of each new connection with this text, and closes it: a port that does not speak HTTP/2."""

    text: str

    async def run(self, stage: Stage) -> None:
        stage.proxy.other_protocol = stage.resolve(self.text).encode()


@step("proxy.page")
class AnswerWithPage(Step):
    """Resets present connections, and answers the first call of each new one with a web page of this HTTP status, which has
    no details of gRPC: a captive portal."""

    status: int | str

    async def run(self, stage: Stage) -> None:
        stage.proxy.page_status = int(stage.resolve(self.status))
        stage.proxy.kill()


@step("proxy.close")
class ClosePort(Step):
    """Resets present connections and stops listening, so that the system refuses new ones."""

    async def run(self, stage: Stage) -> None:
        await stage.proxy.close()
        stage.proxy.kill()


@step("proxy.pass")
class PassEverything(Step):
    """Ends all faults of the proxy, and listens again if it was closed."""

    async def run(self, stage: Stage) -> None:
        stage.proxy.refuse = False
        stage.proxy.other_protocol = None
        stage.proxy.page_status = None
        stage.proxy.faults = Faults()
        await stage.proxy.reopen()


@step("proxy.impede")
class Impede(Step):
    """Slows or swallows what passes, in both directions. cut_after: kills a connection after so many bytes of the client."""

    delay_ms: float = 0
    bytes_per_second: float = 0
    swallow: bool = False
    cut_after: int = 0

    async def run(self, stage: Stage) -> None:
        stage.proxy.faults = Faults(self.delay_ms / 1000, self.bytes_per_second, self.swallow, self.cut_after)


@step("proxy.half_close")
class HalfClose(Step):
    """Ends the direction to the client of all connections; the other direction stays open."""

    async def run(self, stage: Stage) -> None:
        stage.proxy.half_close()


@step("proxy.hold")
class Hold(Step):
    """Keeps what the clients of all present connections send from now on."""

    async def run(self, stage: Stage) -> None:
        stage.proxy.hold()


@step("proxy.lose")
class Lose(Step):
    """Resets the client's side of the held connections; the server does not notice."""

    async def run(self, stage: Stage) -> None:
        stage.proxy.lose()


@step("proxy.release")
class Release(Step):
    """Delivers what was held, after everything that came by later connections."""

    async def run(self, stage: Stage) -> None:
        await stage.proxy.release()


@step("attempts")
class Attempts(Step):
    """Waits until at least `at_least` connections were attempted since `attempts.forget`; then at most `at_most` were.

    longest_pause: seconds between two of them in succession.
    """

    at_least: int = 0
    at_most: int | None = None
    longest_pause: Any = None
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        async def complaint() -> str:
            return mismatch({"at_least": self.at_least}, len(stage.proxy.attempts), "the number of attempts")

        await poll(complaint, self.within)
        times = stage.proxy.attempts
        if self.at_most is not None and len(times) > self.at_most:
            raise ScenarioFailed(f"{len(times)} connections were attempted, and at most {self.at_most} are expected.")
        if self.longest_pause is not None:
            longest = max((after - before for before, after in pairwise(times)), default=0.0)
            if wrong := mismatch(self.longest_pause, longest, "the longest pause between attempts"):
                raise ScenarioFailed(wrong)


@step("attempts.forget")
class ForgetAttempts(Step):
    """Counts attempts from now on."""

    async def run(self, stage: Stage) -> None:
        stage.proxy.attempts.clear()

"""A simulation that runs in a thread of its own, while the first thread reads commands."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, TypeVar

from iotflow_cli.simulators.run_outputs import RunOutputs
from iotflow_simulators import SimulationError
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.running.simulation import Files, Reports, Simulation
from iotflow_simulators.scenario.scenario import Scenario

T = TypeVar("T")
CALL_SECONDS = 30.0


class RunEnds(SimulationError):
    """The run does not take orders any more."""


class BackgroundRun:
    """Begins at once. All methods are for the first thread. outputs: which this run has begun."""

    def __init__(self, scenario: Scenario, simulation: Simulation, files: Files, outputs: RunOutputs) -> None:
        self.scenario = scenario
        self.files = files
        self._outputs = outputs
        self._simulation = simulation
        self._engine: Engine | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._problem: Exception | None = None
        self._begun = threading.Event()
        # A second Ctrl-C ends the process while the run waits for its last answers.
        self._thread = threading.Thread(target=self._run, name="simulation", daemon=True)
        self._thread.start()

    @property
    def engine(self) -> Engine:
        """What runs. Waits until the devices are registered. Raises SimulationError where they cannot be."""
        self._begun.wait()
        self._check()
        assert self._engine is not None  # noqa: S101
        return self._engine

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return not self._thread.is_alive()

    def ask(self, question: Callable[[Engine], T]) -> T:
        """The answer of a function that is called between two events of the run, or after it."""
        engine = self.engine

        async def asked() -> T:
            return question(engine)

        if not self.is_over:
            with suppress(RunEnds):
                return self.order(asked())
            self._thread.join()
        return question(engine)

    def order(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine of the run. Raises SimulationError."""
        assert self._loop is not None  # noqa: S101
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise RunEnds("The run has ended.") from None
        try:
            return future.result(CALL_SECONDS)
        except CancelledError:
            raise RunEnds("The run has ended.") from None
        except TimeoutError:
            future.cancel()
            raise SimulationError(f"The run did not answer within {CALL_SECONDS:.0f} s.") from None

    def stop(self) -> None:
        """End the run, after the answers to what is on its way. Raises SimulationError where it failed."""
        engine = self.engine
        if not self.is_over and self._loop:
            self._loop.call_soon_threadsafe(engine.stop.set)
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if isinstance(self._problem, SimulationError):
            raise self._problem
        if self._problem:
            raise SimulationError(f"The run failed: {self._problem}") from self._problem

    def _run(self) -> None:
        try:
            measures = asyncio.run(self._simulation.run(self.files, Reports(_nothing, self._started, _nothing)))
            self._outputs.end(measures)
        except Exception as error:  # noqa: BLE001 It is raised again in the first thread.
            self._problem = error
        finally:
            self._begun.set()

    def _started(self, engine: Engine, _: LedgerWriter) -> None:
        self._engine, self._loop = engine, asyncio.get_running_loop()
        self._outputs.watch(engine)
        self._begun.set()


def _nothing(*_: object) -> None:
    """No report: the prompt has the terminal."""

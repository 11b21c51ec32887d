"""What a program serves and writes about its runs: metrics, and a page with charts."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from prometheus_client import CollectorRegistry

from iotflow_cli.simulators.results import rows
from iotflow_simulators import SimulationError
from iotflow_simulators.reporting.metrics import RunMetrics, serving_metrics
from iotflow_simulators.reporting.page import Report, page
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """report: file of a page about the last run. metrics_port: of loopback. None: there is none."""

    report: Path | None = None
    metrics_port: int | None = None


class RunOutputs:
    """Of one run after the other."""

    def __init__(self, report: Path | None, registry: CollectorRegistry | None) -> None:
        self._report = report
        self._registry = registry
        self._metrics: RunMetrics | None = None
        self._file: IO[str] | None = None
        self._began = 0

    def begin(self, scenario: Scenario, server: str) -> None:
        """A run begins. Raises SimulationError where the page cannot be written, before anything is sent."""
        self.close()
        self._scenario, self._server, self._began = scenario, server, time.time_ns() // 1_000_000
        if self._report:
            try:
                self._file = self._report.open("w", encoding="utf-8")
            except OSError as error:
                raise SimulationError(f"{self._report}: {error.strerror}") from None

    def watch(self, engine: Engine) -> None:
        """Serve the metrics of the run in place of those of the one before."""
        if self._registry:
            if self._metrics:
                self._registry.unregister(self._metrics)
            self._metrics = RunMetrics(engine.measures)
            self._registry.register(self._metrics)

    def end(self, measures: Measures, steps: Sequence[dict[str, Any]] = ()) -> None:
        """Write the page of a run that has ended. steps: of a search for the limit."""
        if self._file:
            report = Report(self._scenario, self._server, self._began, measures, rows(measures), steps)
            self._file.write(page(report))
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None


@contextmanager
def run_outputs(options: OutputOptions) -> Iterator[RunOutputs]:
    """Serve metrics meanwhile. Raises SimulationError where the port is not free."""
    with ExitStack() as stack:
        port = options.metrics_port
        outputs = RunOutputs(options.report, stack.enter_context(serving_metrics(port)) if port else None)
        stack.callback(outputs.close)
        yield outputs

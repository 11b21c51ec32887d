"""The live view of `iotflow simulate` on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from iotflow_cli.output.renderer import Output
from iotflow_simulators.reporting.live_view import Shown, View
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.scenario.scenario import Scenario

REFRESH_SECONDS = 1.0


class LiveView:
    """A run below the notes of a terminal. speed: multiple of real time."""

    def __init__(self, live: Live, scenario: Scenario, speed: float) -> None:
        self._live = live
        self._scenario = scenario
        self._speed = speed
        self._view: View | None = None

    def watch(self, engine: Engine) -> None:
        """Show this run from now on."""
        scenario = self._scenario
        self._view = View(Shown(scenario.name, engine.measures, engine.names, scenario.duration / 1_000 / self._speed))
        self.refresh()

    def refresh(self, _: Measures | None = None) -> None:
        """Show the present state. Called every REFRESH_SECONDS, and at the end."""
        if self._view:
            self._live.update(self._view.render(self._live.console.width), refresh=True)


@contextmanager
def live_view(output: Output, scenario: Scenario, speed: float) -> Iterator[LiveView | None]:
    """The view of a run. None where the standard error is no terminal: notes are shown then."""
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    if output.as_json or not console.is_terminal:
        yield None
        return
    with Live(Text(""), console=console, auto_refresh=False, vertical_overflow="crop") as live:
        view = LiveView(live, scenario, speed)
        try:
            yield view
        finally:
            view.refresh()

"""The live view of `iotflow simulate` on a terminal."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from iotflow_cli.output.renderer import Output
from iotflow_cli.simulators.results import Watch
from iotflow_simulators.reporting.live_view import Shown, View
from iotflow_simulators.running.engine import Engine
from iotflow_simulators.scenario.scenario import Scenario

REFRESH_SECONDS = 1.0


@contextmanager
def live_view(output: Output, scenario: Scenario, speed: float) -> Iterator[Watch | None]:
    """A watch that shows a run below the notes. None where the standard error is no terminal: notes are shown then."""
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    if output.as_json or not console.is_terminal:
        yield None
        return
    refresh: Callable[[], None] = lambda: None  # noqa: E731
    tasks: list[asyncio.Task[None]] = []
    with Live(Text(""), console=console, auto_refresh=False, vertical_overflow="crop") as live:

        def watch(engine: Engine) -> None:
            nonlocal refresh
            view = View(Shown(scenario.name, engine.measures, engine.names, scenario.duration / 1_000 / speed))
            refresh = lambda: live.update(view.render(console.width), refresh=True)  # noqa: E731
            tasks.append(asyncio.create_task(_refresh(refresh), name="live view"))

        try:
            yield watch
        finally:
            refresh()


async def _refresh(refresh: Callable[[], None]) -> None:
    while True:
        refresh()
        await asyncio.sleep(REFRESH_SECONDS)

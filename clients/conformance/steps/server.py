"""Steps that kill and start the server."""

from clients.conformance.stage import Stage
from clients.conformance.steps.base import Step, step


@step("server.start")
class StartServer(Step):
    """Runs the server until it answers."""

    async def run(self, stage: Stage) -> None:
        await stage.server.start()


@step("server.stop")
class StopServer(Step):
    """Ends the server in order."""

    async def run(self, stage: Stage) -> None:
        await stage.server.stop()


@step("server.kill")
class KillServer(Step):
    """Ends the server as a crash does."""

    async def run(self, stage: Stage) -> None:
        await stage.server.kill()

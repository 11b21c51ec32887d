"""The parent of the workers: holds their port, keeps them running, and ends with them."""

import asyncio

import structlog

from iotflow_server.settings import Settings
from iotflow_server.stopping import asked_to_stop
from iotflow_server.workers.folder import taken
from iotflow_server.workers.port import held
from iotflow_server.workers.slot import WorkerSlot

# What a worker may take beyond its time for draining.
SPARE_SECONDS = 4.0

log = structlog.get_logger(__name__)


class Group:
    """As many processes as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._grace = settings.drain_seconds + SPARE_SECONDS

    async def run(self) -> int:
        """Run until told to stop, then stop all: 0. Raises CannotStart, PortTaken, OSError."""
        settings = self._settings
        asked = asked_to_stop()
        with taken(settings.data_dir, settings.workers), held(settings.grpc_host, settings.grpc_port) as port:
            places = [WorkerSlot(number + 1, port, self._grace) for number in range(settings.workers)]
            await self._keep(places, asked, f"{settings.grpc_host}:{port}")
        return 0

    async def _keep(self, places: list[WorkerSlot], asked: asyncio.Event, address: str) -> None:
        """Until asked to stop, or until a place cannot be kept."""
        announcing = asyncio.create_task(_announce(places, address))
        stopping = asyncio.create_task(asked.wait())
        keeping = [asyncio.create_task(place.keep()) for place in places]
        try:
            await asyncio.wait([stopping, *keeping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (announcing, stopping, *keeping):
                task.cancel()
            outcomes = await asyncio.gather(announcing, stopping, *keeping, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome


async def _announce(places: list[WorkerSlot], address: str) -> None:
    for place in places:
        await place.served.wait()
    log.info("serving", address=address, workers=len(places))

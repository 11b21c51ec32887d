"""The parent of the workers: reserves their port and supervises them."""

import functools
import os
import sys

import structlog

from iotflow_server.process import CannotStart
from iotflow_server.settings import Settings
from iotflow_server.supervision.child_process import Program
from iotflow_server.supervision.supervised_process import Failure, GivenUp, RestartPolicy
from iotflow_server.supervision.supervisor import Supervisor
from iotflow_server.workers.member import group_folder, ready_file, socket_in
from iotflow_server.workers.port import reserved_port

# Seconds that a worker may take beyond its time for draining.
SPARE_SECONDS = 4.0
# The other workers serve while one of them fails, so it is never given up.
RESTARTS = RestartPolicy(first_pause=0.25, most_restarts=None)
# The kernel's limit of a socket's path: 108 bytes on Linux, 104 elsewhere.
LONGEST_SOCKET_PATH = 100

log = structlog.get_logger(__name__)


async def run_group(settings: Settings) -> int:
    """Run the workers until a stop signal: 0. Raises CannotStart, PortTaken, OSError."""
    _make_folder(settings)
    with reserved_port(settings.grpc_host, settings.grpc_port) as port:
        numbers = range(1, settings.workers + 1)
        programs = [_worker(number, port, settings) for number in numbers]
        supervisor = Supervisor(programs, GroupLog(), RESTARTS, in_order=False)
        address = f"{settings.grpc_host}:{port}"
        try:
            await supervisor.run(functools.partial(log.info, "serving", address=address, workers=settings.workers))
        except GivenUp as error:
            raise CannotStart(f"Worker {error}. Its last log lines give the reason.") from None
    return 0


class GroupLog:
    """Writes the events of the workers to the log. A worker's name is its number."""

    def ready(self, name: str, pid: int) -> None:
        log.info("worker_ready", worker=int(name), pid=pid)

    def failed(self, name: str, failure: Failure, failures: int, pause: float) -> None:
        log.warning(
            "worker_failed",
            worker=int(name),
            pid=failure.pid,
            reason=failure.reason,
            failures=failures,
            restart_after_seconds=pause,
        )

    def killed(self, name: str) -> None:
        log.error("worker_killed", worker=int(name), reason="did not stop in time")

    def stopping(self, problem: str) -> None:
        """Each worker logs its own stop, and the exception carries the problem."""


def _worker(number: int, port: int, settings: Settings) -> Program:
    ready = ready_file(settings.data_dir, number)

    async def is_ready() -> bool:
        return ready.exists()

    return Program(
        name=str(number),
        command=[sys.executable, "-P", "-m", "iotflow_server.workers", str(number), str(port)],
        env=os.environ,
        ready=is_ready,
        # A journal may take long to replay.
        start_within=None,
        # The file of the process before does not count for this one.
        prepare=functools.partial(ready.unlink, missing_ok=True),
        grace=settings.drain_seconds + SPARE_SECONDS,
        # A signal to the group of the parent reaches the workers too.
        own_session=False,
    )


def _make_folder(settings: Settings) -> None:
    """Make the group's folder, for its owner only. Raises CannotStart, OSError."""
    longest = socket_in(settings.data_dir, settings.workers)
    if len(os.fsencode(longest)) > LONGEST_SOCKET_PATH:
        raise CannotStart(
            f"The path {longest} is too long for a socket. Set IOTFLOW_DATA_DIR to a folder with a shorter path."
        )
    group_folder(settings.data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)

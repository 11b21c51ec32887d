"""Runs several programs together until a signal, or until one of them is given up."""

import asyncio
import signal
from collections.abc import Callable, Sequence

from iotflow_server.supervision.child_process import Program
from iotflow_server.supervision.stop_signals import on_stop_signal
from iotflow_server.supervision.supervised_process import Reporter, RestartPolicy, SupervisedProcess


class Supervisor:
    """in_order: each program starts when the one before it is ready, and they stop in the opposite order; otherwise all start and
    stop together."""

    def __init__(
        self, programs: Sequence[Program], reporter: Reporter, policy: RestartPolicy, *, in_order: bool = True
    ) -> None:
        self._reporter = reporter
        self._in_order = in_order
        self._processes = [SupervisedProcess(program, policy, reporter) for program in programs]
        self._tasks: list[asyncio.Task[None]] = []
        self._restarts: set[asyncio.Task[None]] = set()
        # The end of the run: a result after a stop signal, GivenUp after a failure.
        self._ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, announce: Callable[[], None]) -> bool:
        """Run until SIGTERM, SIGINT or SIGHUP; `announce` is called once all programs are ready. A SIGINT after that kills.

        Whether every program ended within its grace. Raises GivenUp after the others have been stopped.
        """
        on_stop_signal(self._stop_or_kill)
        starting = self._watched(asyncio.create_task(self._start_all(announce)))
        try:
            await self._ending
            self._reporter.stopping("")
        except Exception as error:
            # The reason of the stop, before the programs are stopped.
            self._reporter.stopping(str(error))
            raise
        finally:
            starting.cancel()
            await asyncio.wait((starting,))
            await self._stop_all()
        return all(process.stopped_within_grace for process in self._processes)

    def restart(self, name: str) -> bool:
        """Restart a program, in the background. False: there is no such program, or all are about to stop."""
        found = [process for process in self._processes if process.name == name]
        for process in found if not self._ending.done() else ():
            task = asyncio.create_task(process.restart())
            self._restarts.add(task)
            task.add_done_callback(self._restarts.discard)
        return bool(found) and not self._ending.done()

    async def _start_all(self, announce: Callable[[], None]) -> None:
        for process in self._processes:
            self._tasks.append(self._watched(asyncio.create_task(process.keep_running())))
            if self._in_order:
                await process.ready.wait()
        for process in self._processes:
            await process.ready.wait()
        announce()

    def _watched(self, task: "asyncio.Task[None]") -> "asyncio.Task[None]":
        task.add_done_callback(self._end_after)
        return task

    def _end_after(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) and not self._ending.done():
            self._ending.set_exception(error)

    async def _stop_all(self) -> None:
        for process in self._processes:
            process.close()
        if self._in_order:
            for task in reversed(self._tasks):
                await _cancel(task)
        else:
            await asyncio.gather(*map(_cancel, self._tasks))

    def _stop_or_kill(self, number: signal.Signals) -> None:
        if not self._ending.done():
            self._ending.set_result(None)
        elif number == signal.SIGINT:
            for process in self._processes:
                process.kill()


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait((task,))

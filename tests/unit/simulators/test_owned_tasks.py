"""An owner of tasks waits until each has ended, also those of links that ended before."""

import asyncio

from iotflow_simulators.tasks import OwnedTasks


class Work:
    """Takes two turns of the loop to end."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()
        self.has_ended = False

    async def run(self) -> None:
        """Wait to be cancelled."""
        self.has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.has_ended = True


async def test_an_owner_waits_for_the_tasks_of_its_links() -> None:
    door = OwnedTasks()
    link, own, work = OwnedTasks(door), Work(), Work()
    door.start(own.run(), "own")
    link.start(work.run(), "work")
    await asyncio.gather(own.has_begun.wait(), work.has_begun.wait())
    link.cancel()
    await asyncio.sleep(0)
    assert not work.has_ended
    await door.close()
    assert (own.has_ended, work.has_ended) == (True, True)


async def test_a_link_ends_its_own_tasks_only() -> None:
    door, own = OwnedTasks(), Work()
    running = door.start(own.run(), "own")
    await own.has_begun.wait()
    await OwnedTasks(door).close()
    assert not running.done()
    await door.close()


async def test_a_task_that_fails_keeps_its_error_for_who_awaits_it() -> None:
    async def fail() -> None:
        raise ValueError("wrong")

    tasks = OwnedTasks()
    failing = tasks.start(fail(), "fails")
    await asyncio.wait([failing])
    await tasks.close()
    assert str(failing.exception()) == "wrong"

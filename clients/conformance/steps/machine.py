"""Steps that act on the testee's machine: its memory, disk, clock and queue folder."""

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

from clients.conformance import disk, silence
from clients.conformance.matching import mismatch
from clients.conformance.stage import Stage
from clients.conformance.steps.base import PATIENCE, Step, step
from clients.conformance.waiting import ScenarioFailed, poll

# In the order of every resolver, whichever family it prefers.
_SILENT = ("::1", "127.0.0.1")
_ANSWERING = "127.0.0.2"
_SHIM = Path(__file__).parents[1] / "clock_shim.c"


@step("memory.mark")
class MarkMemory(Step):
    """Notes the testee's resident memory."""

    async def run(self, stage: Stage) -> None:
        stage.marked_memory = stage.testee.memory


@step("memory.grown")
class MemoryGrown(Step):
    """The testee's resident memory has grown by at most so many bytes since memory.mark."""

    at_most: int

    async def run(self, stage: Stage) -> None:
        grown = stage.testee.memory - stage.marked_memory
        if grown > self.at_most:
            raise ScenarioFailed(
                f"The testee's memory has grown by {grown} bytes, and at most {self.at_most} are expected."
            )


@step("disk.mount")
class MountDisk(Step):
    """Makes a small file system; ${disk} is a folder for a queue on it."""

    mebibytes: int = 2

    async def run(self, stage: Stage) -> None:
        folder = stage.folder / "disk"
        disk.mount(folder, self.mebibytes)
        stage.cleanups.append(lambda: disk.unmount(folder))
        stage.variables["disk"] = str(folder / "queue")


@step("disk.fill")
class FillDisk(Step):
    """Takes all space that is left on the small file system."""

    async def run(self, stage: Stage) -> None:
        disk.fill(stage.folder / "disk" / "ballast")


@step("disk.free")
class FreeDisk(Step):
    """Gives that space back."""

    async def run(self, stage: Stage) -> None:
        (stage.folder / "disk" / "ballast").unlink()


@step("clock.prepare")
class PrepareClock(Step):
    """Starts the testee anew with a clock that `clock.step` steps. seconds: how far the clock is off from the start on."""

    seconds: float = 0

    async def run(self, stage: Stage) -> None:
        library = stage.folder / "clock_shim.so"
        _build_shim(library)
        _set_clock(stage, self.seconds)
        await stage.kill_testee()
        await stage.start_testee({"LD_PRELOAD": str(library), "IOTFLOW_CLOCK_FILE": str(stage.folder / "clock")})


@step("clock.step")
class StepClock(Step):
    """Sets how far the testee's clock is off."""

    seconds: float | str

    async def run(self, stage: Stage) -> None:
        _set_clock(stage, float(stage.resolve(self.seconds)))


def _build_shim(library: Path) -> None:
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(_SHIM)]
    subprocess.run(command, check=True, timeout=60)


def _set_clock(stage: Stage, seconds: float) -> None:
    # In place: the testee has mapped the file.
    file = stage.folder / "clock"
    with file.open("r+b" if file.exists() else "wb") as opened:
        opened.write(struct.pack("<q", round(seconds * 1e9)))


@step("names.prepare")
class PrepareNames(Step):
    """Starts the testee anew where a name has three addresses, of which only the last one answers. ${names.target} has it."""

    async def run(self, stage: Stage) -> None:
        port = await stage.proxy.open_also(_ANSWERING)
        for address in _SILENT:
            stage.cleanups.append(silence.open_port(address, port))
        names = stage.folder / "hosts"
        names.write_text("".join(f"{address} several.test\n" for address in (*_SILENT, _ANSWERING)))
        stage.variables["names"] = {"target": f"several.test:{port}"}
        await stage.kill_testee()
        script = 'mount --bind "$0" /etc/hosts && exec "$@"'
        await stage.start_testee({}, ["unshare", "--mount", "sh", "-c", script, str(names)])


@step("folder.bytes")
class FolderBytes(Step):
    """Waits until the size of all files of the queue folder matches."""

    folder: str = "${folder}"
    matches: Any
    within: float = PATIENCE

    async def run(self, stage: Stage) -> None:
        folder = Path(stage.resolve(self.folder))

        async def complaint() -> str:
            return mismatch(self.matches, _size(folder), "the size of the queue folder")

        await poll(complaint, self.within)


@step("folder.cut")
class CutFolder(Step):
    """Removes the last bytes of the newest segment, as a crash in mid-write leaves it."""

    bytes: int

    async def run(self, stage: Stage) -> None:
        segment = _segments(stage)[-1]
        segment.write_bytes(segment.read_bytes()[: -self.bytes])


@step("folder.lose_acknowledged")
class LoseAcknowledged(Step):
    """Deletes the file `acknowledged`."""

    async def run(self, stage: Stage) -> None:
        (Path(stage.variables["folder"]) / "acknowledged").unlink()


@step("folder.remove")
class RemoveFolder(Step):
    """Deletes the folder of the queue with everything in it."""

    async def run(self, stage: Stage) -> None:
        shutil.rmtree(stage.variables["folder"])


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())


def _segments(stage: Stage) -> list[Path]:
    segments = sorted(Path(stage.variables["folder"]).glob("*.batches"))
    if not segments:
        raise ScenarioFailed("The queue folder has no segment.")
    return segments

"""Measures flash, RAM and stack of size/smallest.c: python size/measure.py BUILD. Fails above the budget of 10 kB and 8 kB."""

import re
import subprocess
import sys
from pathlib import Path

FLASH_BYTES = 10 * 1024
RAM_BYTES = 8 * 1024
GCC = ("arm-none-eabi-gcc", "-Os", "-mcpu=cortex-m4", "-mthumb", "-std=c99", "-ffunction-sections", "-fdata-sections")
LINK = ("-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs", "-Wl,--gc-sections,-emain,--no-warn-mismatch")
ROOT = Path(__file__).resolve().parent.parent
# What the application gives; the rest is static memory of the library.
APPLICATION = {"rows", "queue", "received", "sent", "handled"}
# Functions that are called through a pointer.
INDIRECT = ("write_bytes", "measure_bytes", "ram_read", "ram_write", "execute")


def build(folder: Path, *options: str) -> Path:
    """The linked program."""
    objects = []
    for source in (*sorted((ROOT / "src").glob("*.c")), ROOT / "size/smallest.c"):
        made = folder / f"{source.stem}.o"
        subprocess.run(
            [*GCC, *options, "-fcallgraph-info=su", "-I", ROOT / "include", "-c", source, "-o", made], check=True
        )
        objects.append(made)
    program = folder / "smallest.elf"
    subprocess.run([*GCC, *options, *objects, *LINK, "-o", program], check=True, stderr=subprocess.DEVNULL)
    return program


def flash_and_static(program: Path) -> tuple[int, int]:
    """Bytes of code and constants, and of static memory."""
    sizes = subprocess.run(["arm-none-eabi-size", program], check=True, capture_output=True, text=True).stdout
    text, data, bss = (int(number) for number in sizes.splitlines()[1].split()[:3])
    return text + data, data + bss


def application(program: Path) -> int:
    """Bytes of static memory that the application gives."""
    symbols = subprocess.run(["arm-none-eabi-nm", "-S", program], check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in symbols.splitlines())
    return sum(int(row[1], 16) for row in rows if len(row) == 4 and row[3].partition(".")[0] in APPLICATION)


def stack(folder: Path) -> int:
    """Bytes of the deepest chain of calls from main."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for graph in folder.glob("*.ci"):
        text = graph.read_text()
        for name, size in re.findall(r'node: \{ title: "([^"]+)" label: "[^"]*?\\n(\d+) bytes', text):
            frames[_plain(name)] = int(size)
        for source, target in re.findall(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text):
            calls.setdefault(_plain(source), set()).add(_plain(target))
    calls["__indirect_call"] = {name for name in frames if name.rpartition(":")[2] in INDIRECT}

    def depth(name: str, above: frozenset[str]) -> int:
        """A pointer may lead to any of INDIRECT, but nothing recurses."""
        inside = above | {name} if name in frames else above
        return frames.get(name, 0) + max(
            (depth(target, inside) for target in calls.get(name, ()) if target not in inside), default=0
        )

    return depth("main", frozenset())


def _plain(name: str) -> str:
    """The function's name, of static ones with their file, without what the compiler appended."""
    file, colon, function = name.rpartition(":")
    return file + colon + function.partition(".")[0]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    program = build(folder)
    flash, static = flash_and_static(program)
    buffers, deepest = application(program), stack(folder)
    ram = static + deepest
    optimized, _ = flash_and_static(build(folder, "-flto"))
    print(f"flash {flash} bytes ({optimized} with -flto), C library included")
    print(f"RAM {ram} bytes: static {static - buffers}, stack {deepest}, buffers of the application {buffers}")
    if flash > FLASH_BYTES or ram > RAM_BYTES:
        sys.exit(f"The budget is {FLASH_BYTES} bytes of flash and {RAM_BYTES} bytes of RAM.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

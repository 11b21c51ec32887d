"""A copy of the repository, in build/mutate/tree, in which the product is changed and tested."""

import contextlib
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.mutate.sources import IMPORT_ROOTS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "mutate"
TREE = FOLDER / "tree"
# Pytest removes the temporary folders of earlier runs at its end. A folder that another run removes at the same time, or in which a
# killed test has left a mount, is no failure of a test.
_WARNINGS = ("-W", "ignore:(rm_rf):pytest.PytestWarning")
# What the tests need and Git does not have.
_SHARED = (".venv", ".proto-deps", "build/iotdb")


def copy_repository() -> None:
    """The working tree as it is, with files that are not committed yet; compiled once, so that a mutant's start is short."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    kept = [path for path in listed if path and (ROOT / path).is_file()]
    shutil.rmtree(TREE, ignore_errors=True)
    for path in kept:
        (TREE / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, TREE / path)
    for path in _SHARED:
        if (ROOT / path).exists():
            (TREE / path).parent.mkdir(parents=True, exist_ok=True)
            (TREE / path).symlink_to(ROOT / path)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-x", r"\.venv", TREE], check=True)


def commit() -> str:
    """The commit that the working tree is based on."""
    return _git("rev-parse", "HEAD").strip()


def changed_lines() -> dict[str, set[int]]:
    """Lines of each file that differ from where this branch left main; on main itself, from the last commit but one."""
    base = _git("merge-base", "HEAD", "main", check=False).strip()
    if not base or base == _git("rev-parse", "HEAD").strip():
        base = "HEAD~1"
    changed: dict[str, set[int]] = {}
    path = ""
    for line in _git("diff", "--unified=0", "--no-color", base, "--", "*.py", check=False).splitlines():
        if line.startswith("+++ "):
            path = line.removeprefix("+++ b/")
        elif line.startswith("@@"):
            first, _, count = line.split("+")[1].split(" ")[0].partition(",")
            changed.setdefault(path, set()).update(range(int(first), int(first) + int(count or 1)))
    return changed


def environment() -> dict[str, str]:
    """Of processes in which the copy precedes the installed product."""
    path = os.pathsep.join([*(str(TREE / root) for root in IMPORT_ROOTS), str(TREE)])
    return {**os.environ, "CI": "1", "PYTHONPATH": path}


def pytest_process(tests: list[str], results: Path, env: Mapping[str, str], *options: str) -> subprocess.Popen[bytes]:
    """Pytest in the copy, in a process group of its own."""
    results.unlink(missing_ok=True)
    command = [str(TREE / ".venv/bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *_WARNINGS]
    return subprocess.Popen(
        [*command, "-p", "tools.mutate.observer", *options, *tests],
        cwd=TREE,
        env={**environment(), "MUTATE_RESULTS": str(results), **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


class PytestForks:
    """Runs pytest in the copy, in forks of one process."""

    def __init__(self) -> None:
        self._zygote = subprocess.Popen(
            [TREE / ".venv/bin/python", "-m", "tools.mutate.zygote"],
            cwd=TREE,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, tests: list[str], results: Path, seconds: float, *options: str) -> int | None:
        """The exit code; None if the time was over. All processes of the run are killed at the end."""
        results.unlink(missing_ok=True)
        # Plugins that the libraries bring are imported before Pytest can rewrite their assertions.
        options = ("-W", "ignore::pytest.PytestAssertRewriteWarning", *_WARNINGS, *options)
        arguments = ["-q", "-p", "no:cacheprovider", "-p", "tools.mutate.observer", *options, *tests]
        request = {"arguments": arguments, "env": {"MUTATE_RESULTS": str(results)}}
        assert self._zygote.stdin and self._zygote.stdout
        self._zygote.stdin.write(json.dumps(request).encode() + b"\n")
        self._zygote.stdin.flush()
        child = int(self._zygote.stdout.readline())
        in_time, _, _ = select.select([self._zygote.stdout], [], [], seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        code = int(self._zygote.stdout.readline())
        return code if in_time else None

    def close(self) -> None:
        """End the process."""
        self._zygote.communicate()


_changes = itertools.count(1)


@contextmanager
def replaced(path: str, text: str) -> Iterator[None]:
    """The copy's file with another text, each time of another age, so that no compiled file of another text is used."""
    file = TREE / path
    original, status = file.read_bytes(), file.stat()
    try:
        file.write_text(text)
        os.utime(file, (status.st_mtime, status.st_mtime + next(_changes)))
        yield
    finally:
        file.write_bytes(original)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def _git(*arguments: str, check: bool = True) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=check, capture_output=True, text=True).stdout

"""Runs a command that receives SIGTERM when its parent ends: parent_death_signal.py PARENT_PID COMMAND…

A bare interpreter runs this file by its path. Setting the signal between fork and exec instead is unsafe in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def execute(parent: int, command: list[str]) -> None:
    """Replace this process by the command. Exits where the parent has ended already or the command cannot be run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("The parent process has ended.")
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    execute(int(sys.argv[1]), sys.argv[2:])

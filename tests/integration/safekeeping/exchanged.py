"""Exchanges the content of a folder, and kills its own process at a step. Arguments: folder, step from 1.

The steps are all calls that change the file system.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from iotflow_server import content_exchange

left = int(sys.argv[2])


def counted(work: Any) -> Any:
    """The call, before which the process may be killed."""

    def call(*arguments: Any, **options: Any) -> Any:
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*arguments, **options)

    return call


folder = Path(sys.argv[1])
new = content_exchange.prepared(folder)
(new / "journal").mkdir()
for name in ("registry.db", "key-secret", "journal/record"):
    (new / name).write_text("new")
for owner, names in ((os, ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync")), (shutil, ("rmtree",))):
    for each in names:
        setattr(owner, each, counted(getattr(owner, each)))
content_exchange.exchange(folder, "aside")

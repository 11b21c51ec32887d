"""The limit of open files of this process and its children."""

import resource

OPEN_FILES = 65536


def allow_many_connections() -> None:
    """Raise the limit of open files: each connection is one, and most shells allow only 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Linux allows no infinite number.
    enough = min(OPEN_FILES, hard)
    if soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))

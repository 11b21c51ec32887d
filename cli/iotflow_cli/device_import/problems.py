"""Problems that an operator can fix."""

from collections.abc import Sequence


class ImportProblem(Exception):
    """A file that cannot be used; nothing was sent. problems: sentences that begin with the file, and with the line if there is one."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)

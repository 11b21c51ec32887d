"""Why a command is not carried out."""


class UsageError(Exception):
    """A plain sentence for the person at the terminal: what is wrong and what to do."""

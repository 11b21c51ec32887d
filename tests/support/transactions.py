"""The transactions that this process commits in the registry's database."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event

WRITING = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def committed_transactions() -> Iterator[list[list[str]]]:
    """The writing statements of each transaction, in the order of the commits."""
    under_way: dict[int, list[str]] = defaultdict(list)
    committed: list[list[str]] = []

    def begun(connection: Connection) -> None:
        under_way[id(connection)] = []

    def executed(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(WRITING):
            under_way[id(connection)].append(statement)

    def commits(connection: Connection) -> None:
        if statements := under_way.pop(id(connection), []):
            committed.append(statements)

    listeners: dict[str, Callable[..., None]] = {"begin": begun, "before_cursor_execute": executed, "commit": commits}
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    try:
        yield committed
    finally:
        for name, listener in listeners.items():
            event.remove(Engine, name, listener)

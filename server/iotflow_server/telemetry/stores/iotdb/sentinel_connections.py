"""Whether IoTDB is still the one that took the writes before."""

from collections.abc import Callable, Sequence
from threading import Lock

from iotflow_server.telemetry.stores.iotdb.session import BROKEN, Session, StatementFailed


class SentinelConnections:
    """Connections that nothing is sent through, one with each node: while they stand, no node has gone and come back.

    A connection that is worked with cannot tell: one that was made anew after a restart knows nothing of it, and one from
    before it may lie idle. Used by many threads.
    """

    def __init__(self, nodes: Sequence[str], connect: Callable[[str], Session]) -> None:
        self._nodes = nodes
        self._connect = connect
        self._standing: dict[str, Session] = {}
        self._lock = Lock()

    def stand(self) -> bool:
        """Whether they are those of the last call; what has fallen, or comes for the first time, stands from now on."""
        with self._lock:
            before = dict(self._standing)
            for node in self._nodes:
                self._ask(node)
                if node not in self._standing:
                    self._call(node)
            return self._standing == before

    def dismiss(self) -> None:
        """Hang up."""
        with self._lock:
            while self._standing:
                self._standing.popitem()[1].hang_up()

    def _ask(self, node: str) -> None:
        if node in self._standing:
            try:
                self._standing[node].ping()
            except (*BROKEN, StatementFailed):
                self._standing.pop(node).hang_up()

    def _call(self, node: str) -> None:
        try:
            self._standing[node] = self._connect(node)
        except (*BROKEN, StatementFailed):
            # A node that is away has no say; when it comes, that is a change.
            return

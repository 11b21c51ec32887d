"""The nodes of IoTDB: opening of sessions, and detection of restarts."""

from collections.abc import Callable, Sequence
from itertools import count
from threading import Lock

from iotflow_server.telemetry.stores.iotdb.session import BROKEN, IotdbAddress, IotdbSession, StatementFailed

_CONNECT_SECONDS = 5.0


class SentinelConnections:
    """Idle connections, one to each node: as long as they last, no node has restarted.

    Other connections cannot tell: one that was reopened after a restart does not know of it, and one from before it may be
    idle. Used by many threads.
    """

    def __init__(self, nodes: Sequence[str], connect: Callable[[str], IotdbSession]) -> None:
        self._nodes = nodes
        self._connect = connect
        self._connections: dict[str, IotdbSession] = {}
        self._lock = Lock()

    def are_unchanged(self) -> bool:
        """Check all connections and reopen missing ones; returns whether they are the same as after the last call."""
        with self._lock:
            before = dict(self._connections)
            for node in self._nodes:
                self._check(node)
                if node not in self._connections:
                    self._open(node)
            return self._connections == before

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            while self._connections:
                self._connections.popitem()[1].hang_up()

    def _check(self, node: str) -> None:
        if node in self._connections:
            try:
                self._connections[node].ping()
            except (*BROKEN, StatementFailed):
                self._connections.pop(node).hang_up()

    def _open(self, node: str) -> None:
        try:
            self._connections[node] = self._connect(node)
        except (*BROKEN, StatementFailed):
            # An unreachable node changes nothing; its return does.
            return


class Nodes:
    """Opens sessions with the nodes, and counts generations: a session of an earlier generation must not be used.

    prepare: called with each new session before it is used. Used by many threads.
    """

    def __init__(self, address: IotdbAddress, request_seconds: float, prepare: Callable[[IotdbSession], None]) -> None:
        self._address = address
        self._prepare = prepare
        self._connect_seconds = min(_CONNECT_SECONDS, request_seconds)
        self._request_seconds = request_seconds
        self._sentinels = SentinelConnections(address.nodes, self._sentinel)
        self._turns = count()
        self._generation = 0

    @property
    def generation(self) -> int:
        """The current generation; increases when a node may have restarted."""
        return self._generation

    def check(self) -> None:
        """Begin a new generation if a node was lost, or has come back, since the last check."""
        generation = self._generation
        if not self._sentinels.are_unchanged():
            self.expire(generation)

    def expire(self, generation: int) -> None:
        """End a generation: its sessions are reopened before they are used again."""
        self._generation = max(self._generation, generation + 1)

    def open_session(self) -> IotdbSession:
        """Open a session with the first node that responds, starting with another one each time."""
        nodes = self._address.nodes
        turn = next(self._turns) % len(nodes)
        failure: Exception | None = None
        for node in (*nodes[turn:], *nodes[:turn]):
            try:
                session = IotdbSession(node, self._address, self._connect_seconds, self._request_seconds)
            except BROKEN as error:
                failure = error
            else:
                return self._prepared(session)
        raise failure or ValueError("no nodes")

    def close(self) -> None:
        """Close the sentinel connections."""
        self._sentinels.close()

    def _prepared(self, session: IotdbSession) -> IotdbSession:
        try:
            self._prepare(session)
        except BaseException:
            # The caller never gets this session, so it cannot close it.
            session.hang_up()
            raise
        return session

    def _sentinel(self, node: str) -> IotdbSession:
        return IotdbSession(node, self._address, self._connect_seconds, self._connect_seconds)

"""Idle connections to the nodes of IoTDB tell whether a node has restarted."""

from typing import Any

from iotflow_server.telemetry.stores.iotdb.nodes import SentinelConnections

NODES = ["one", "two"]


class Cluster:
    """Nodes, and the connections to them. unreachable: nodes that accept no connection."""

    def __init__(self) -> None:
        self.opened: list[Connection] = []
        self.unreachable: set[str] = set()

    def connect(self, node: str) -> Any:
        if node in self.unreachable:
            raise ConnectionError
        self.opened.append(Connection(node))
        return self.opened[-1]

    def restart(self, node: str) -> None:
        for one in self.opened:
            one.is_broken |= one.node == node


class Connection:
    def __init__(self, node: str) -> None:
        self.node = node
        self.is_broken = False
        self.is_closed = False

    def ping(self) -> None:
        if self.is_broken:
            raise ConnectionError

    def hang_up(self) -> None:
        self.is_closed = True


def test_a_restart_of_a_node_is_noticed_once() -> None:
    cluster = Cluster()
    sentinels = SentinelConnections(NODES, cluster.connect)
    assert [sentinels.are_unchanged() for _ in range(3)] == [False, True, True]
    assert [one.node for one in cluster.opened] == NODES
    cluster.restart("two")
    assert [sentinels.are_unchanged() for _ in range(2)] == [False, True]
    assert [one.node for one in cluster.opened] == [*NODES, "two"]
    assert [one.is_closed for one in cluster.opened] == [False, True, False]
    sentinels.close()
    assert all(one.is_closed for one in cluster.opened)


def test_the_return_of_an_unreachable_node_is_a_change() -> None:
    cluster = Cluster()
    cluster.unreachable = {"two"}
    sentinels = SentinelConnections(NODES, cluster.connect)
    assert [sentinels.are_unchanged() for _ in range(2)] == [False, True]
    cluster.unreachable = set()
    assert [sentinels.are_unchanged() for _ in range(2)] == [False, True]

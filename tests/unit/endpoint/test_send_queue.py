"""Whether the other end of a connection has what was written: its system, not the program that reads."""

import socket

from iotflow_gateway.endpoint.transports.send_queue import is_acknowledged


def test_what_the_other_end_has_not_taken_is_on_its_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        other, _ = server.accept()
        with other:
            one.setblocking(False)
            assert is_acknowledged(one)
            while True:
                try:
                    one.send(bytes(2**20))
                except BlockingIOError:
                    break
            assert not is_acknowledged(one)


def test_nothing_arrives_by_a_closed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        one.close()
        assert not is_acknowledged(one)
    assert is_acknowledged(None)

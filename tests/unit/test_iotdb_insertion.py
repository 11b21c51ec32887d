"""The insertion request equals that of the generated client byte for byte."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from iotdb.thrift.rpc.IClientRPCService import Client
from iotdb.thrift.rpc.ttypes import TSInsertTabletsReq
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TFramedTransport, TMemoryBuffer

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.multi_device_batch import MultiDeviceBatch
from iotflow_server.telemetry.stores.iotdb.schema import Paths
from iotflow_server.telemetry.stores.iotdb.single_rows import single_rows
from iotflow_server.telemetry.stores.iotdb.tablets import Tablet, insert_request, tablet
from tests.contract.readings import BOOLEAN, DOUBLE, FLOAT, INT32, INT64, TEXT, batch, column

NAME_LENGTH_BYTES = 4


def generated(session_id: int, tablets: list[Tablet]) -> bytes:
    """The frame that the generated client sends first."""
    buffer = TMemoryBuffer()
    Client(TBinaryProtocol(TFramedTransport(buffer))).send_insertTablets(
        TSInsertTabletsReq(
            session_id,
            [one.device for one in tablets],
            [[name[NAME_LENGTH_BYTES:].decode() for name in one.names] for one in tablets],
            [b"".join(one.values) for one in tablets],
            [bytes(one.times) for one in tablets],
            [one.codes for one in tablets],
            [one.rows for one in tablets],
            True,
        )
    )
    sent: bytes = buffer.getvalue()
    return sent


VALUES = {
    DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    FLOAT: st.floats(width=32, allow_nan=False, allow_infinity=False),
    INT64: st.integers(-(2**63), 2**63 - 1),
    INT32: st.integers(-(2**31), 2**31 - 1),
    BOOLEAN: st.booleans(),
    TEXT: st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
}
NAMES = st.sampled_from(["temperature", "time", "with `quotes`", "größe", "a.b-c"])


@st.composite
def readings(draw: st.DrawFn) -> Batch:
    """Ascending times, some columns, some values missing."""
    # Bits of missing values fill their bytes at 8 and 16 rows.
    rows = draw(st.sampled_from([1, 2, 7, 8, 9, 16, 17]))
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    columns = []
    for name in names:
        kind = draw(st.sampled_from(list(VALUES)))
        columns.append(column(name, kind, draw(st.lists(st.none() | VALUES[kind], min_size=rows, max_size=rows))))
    return batch(draw(st.integers(1, 2**31 - 1)), range(rows), *columns)


@given(st.lists(readings(), min_size=1, max_size=3), st.integers(0, 2**62))
def test_the_request_equals_that_of_the_generated_client(sent: list[Batch], session_id: int) -> None:
    tablets = [tablet(f"root.iotflow.devices.device_{one.device_id}", one.times, one.columns) for one in sent]
    assert insert_request(session_id, tablets, 0) == generated(session_id, tablets)


@st.composite
def single_readings(draw: st.DrawFn) -> MultiDeviceBatch:
    """A reading of each device, without texts and missing values."""
    device_ids = draw(st.lists(st.integers(1, 2**31 - 1), min_size=1, max_size=5, unique=True))
    rows = len(device_ids)
    times = np.array(draw(st.lists(st.integers(-(2**40), 2**40), min_size=rows, max_size=rows)))
    columns = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        kind = draw(st.sampled_from([kind for kind in VALUES if kind is not TEXT]))
        columns.append(column(name, kind, draw(st.lists(VALUES[kind], min_size=rows, max_size=rows))))
    return MultiDeviceBatch(device_ids, np.arange(1, rows + 1), times, tuple(columns))


@given(st.lists(single_readings(), min_size=1, max_size=3), st.integers(0, 2**62))
def test_readings_of_many_devices_are_encoded_like_a_tablet_of_each(
    sent: list[MultiDeviceBatch], session_id: int
) -> None:
    paths = Paths("root.iotflow", 100)
    tablets = [tablet(paths.device(one.device_id), one.times, one.columns) for many in sent for one in many.parts()]
    together = [single_rows(paths, many) for many in sent]
    assert insert_request(session_id, together, 0) == generated(session_id, tablets)

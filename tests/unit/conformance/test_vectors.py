"""The vectors are what protobuf reads from their bytes, and those that the program writes."""

import json
from pathlib import Path

import pytest

from clients.conformance.vectors import make
from clients.conformance.vectors.json_form import Json, json_of
from iotflow.v1.telemetry_pb2 import TelemetryBatch

VECTORS: list[Json] = json.loads((make.FOLDER / "batches.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_the_bytes_of_a_vector_are_its_batch(vector: Json) -> None:
    assert json_of(TelemetryBatch.FromString(bytes.fromhex(vector["hex"]))) == vector["batch"]


def test_the_committed_vectors_are_the_present_ones(tmp_path: Path) -> None:
    make.write(tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    committed = {
        path.relative_to(make.FOLDER): path.read_bytes()
        for path in (make.FOLDER / "batches.json", *(make.FOLDER / "queue").rglob("*"))
        if path.is_file()
    }
    assert written == committed

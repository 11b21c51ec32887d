"""Steps that compare the client with the vectors."""

import json
import shutil
from pathlib import Path
from typing import Any

from clients.conformance.stage import Stage
from clients.conformance.steps.base import PATIENCE, Step, step
from clients.conformance.steps.rows import Stored
from clients.conformance.steps.testee import AwaitEvent, Connect, Status
from clients.conformance.testee import Json, TesteeError
from clients.conformance.vectors.json_form import json_of
from clients.conformance.vectors.make import FOLDER, record, rows_of
from clients.conformance.waiting import ScenarioFailed
from iotflow.v1.telemetry_pb2 import TelemetryBatch


@step("vectors.decode")
class DecodeVectors(Step):
    """The client decodes the bytes of each batch to its JSON form."""

    async def run(self, stage: Stage) -> None:
        for vector in _batches():
            found = (await stage.required("decode", {"hex": vector["hex"]}, PATIENCE))["batch"]
            if found != vector["batch"]:
                raise ScenarioFailed(f"{vector['name']}: {_difference(vector['batch'], found)}")


@step("vectors.encode")
class EncodeVectors(Step):
    """What the client encodes is decoded to the same JSON form, by protobuf and by the client itself."""

    async def run(self, stage: Stage) -> None:
        for vector in _batches():
            encoded = (await stage.required("encode", {"batch": vector["batch"]}, PATIENCE))["hex"]
            found = json_of(TelemetryBatch.FromString(bytes.fromhex(encoded)))
            own = (await stage.required("decode", {"hex": encoded}, PATIENCE))["batch"]
            for reader, read in (("protobuf", found), ("the client", own)):
                if read != vector["batch"]:
                    raise ScenarioFailed(f"{vector['name']}, read by {reader}: {_difference(vector['batch'], read)}")


@step("vectors.queues")
class ReadQueues(Step):
    """A writer sends from each folder what it holds, goes on with the next sequence, and reports damage."""

    async def run(self, stage: Stage) -> None:
        for folder in sorted((FOLDER / "queue").iterdir()):
            try:
                await self._read(stage, folder)
            except ScenarioFailed as failure:
                raise ScenarioFailed(f"{folder.name}: {failure}") from None

    @staticmethod
    async def _read(stage: Stage, folder: Path) -> None:
        expected = json.loads((folder / "expected.json").read_text())
        await stage.add_device(folder.name, "sensor")
        await Connect(device=folder.name).run(stage)
        await stage.required("writer.open", {"folder": str(_copied(stage, folder))}, PATIENCE)
        ledger = stage.device(folder.name).ledger
        for sequence in expected["sequences"]:
            ledger.add(rows_of(sequence))
        added = rows_of(expected["next_sequence"])
        ledger.add(added)
        await stage.required("writer.add", added.fields(), PATIENCE)
        await stage.required("writer.flush", {"deadline_ms": 5000}, PATIENCE)
        await Stored(device=folder.name).run(stage)
        if expected["damaged"]:
            await AwaitEvent(name="dropped", where={"reason": "DAMAGED"}).run(stage)
        _check_sequence(stage, expected["next_sequence"])
        await stage.required("writer.close", {"deadline_ms": 5000}, PATIENCE)


@step("vectors.cuts")
class ReadCutQueue(Step):
    """A queue that was cut off at any byte of its last record has all records before it. The server is out of reach."""

    async def run(self, stage: Stage) -> None:
        whole = FOLDER / "queue" / "whole"
        for missing in range(1, len(record(3)) + 1):
            folder = _copied(stage, whole)
            (segment,) = folder.glob("*.batches")
            segment.write_bytes(segment.read_bytes()[:-missing])
            await stage.required("writer.open", {"folder": str(folder)}, PATIENCE)
            try:
                await Status(matches={"queued_rows": 20}).run(stage)
            except ScenarioFailed as failure:
                raise ScenarioFailed(f"{missing} bytes are missing: {failure}") from None
            await _closed(stage)


async def _closed(stage: Stage) -> None:
    """Close the writer, which cannot send."""
    try:
        await stage.ask("writer.close", {"deadline_ms": 1}, PATIENCE)
    except TesteeError as failure:
        if failure.error["code"] != "DEADLINE_EXCEEDED":
            raise ScenarioFailed(f"writer.close failed: {failure}") from None


def _copied(stage: Stage, folder: Path) -> Path:
    copy = stage.folder / folder.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("expected.json"))
    return copy


def _check_sequence(stage: Stage, expected: int) -> None:
    if stage.relay is None:
        raise ScenarioFailed("The scenario has no relay. State `relay: true`.")
    last = stage.relay.streams[-1].facts["last_sequence"]
    if last != expected:
        raise ScenarioFailed(f"The sequence after the folder's is {last}, and {expected} is expected.")


def _batches() -> list[Json]:
    vectors: list[Json] = json.loads((FOLDER / "batches.json").read_text())
    return vectors


def _difference(expected: Json, found: Any) -> str:
    if not isinstance(found, dict):
        return f"it is {found!r}."
    wrong = [key for key in expected if found.get(key) != expected[key]]
    return "; ".join(f"{key} is {found.get(key)!r:.300}, and {expected[key]!r:.300} is expected" for key in wrong)

"""What each client encodes, every other decodes."""

import json
import tempfile
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from clients.conformance.languages import ROOT, Language
from clients.conformance.testee import Json, Testee
from clients.conformance.vectors.make import FOLDER

_SECONDS = 30.0
_FEATURE = "vectors"


async def exchange(chosen: Iterable[Language]) -> list[str]:
    """Let each of the languages encode every vector, and each decode that. Returns a sentence for each difference.

    Languages whose testee lacks vectors are left out. Raises TesteeError and ScenarioFailed.
    """
    vectors: list[Json] = json.loads((FOLDER / "batches.json").read_text())
    differences = []
    async with AsyncExitStack() as stack:
        testees = await _started(chosen, stack)
        print(f"exchanging {len(vectors)} batches between {', '.join(testees)}", flush=True)
        for name, encoder in testees.items():
            for vector in vectors:
                encoded = (await encoder.ask("encode", {"batch": vector["batch"]}, _SECONDS))["hex"]
                for other, decoder in testees.items():
                    if (await decoder.ask("decode", {"hex": encoded}, _SECONDS))["batch"] != vector["batch"]:
                        differences.append(f"{other} does not decode {vector['name']} as {name} encodes it")
    return differences


async def _started(chosen: Iterable[Language], stack: AsyncExitStack) -> dict[str, Testee]:
    """The running testees that have vectors, by language; the stack ends all of them."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="iotflow-conformance-"))
    testees = {}
    for language in chosen:
        testee = await Testee.start(language.run, ROOT, {}, Path(folder, language.name))
        stack.push_async_callback(testee.kill)
        if _FEATURE not in (await testee.hello())["skips"]:
            testees[language.name] = testee
    return testees

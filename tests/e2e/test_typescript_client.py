"""The TypeScript client against the real service: its README, and what a page does over gRPC-Web."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import Service, iotflow_up
from tools.client_tests import missing

CLIENT = Path(__file__).parents[2] / "clients/typescript"
EXAMPLE = re.compile(r"```ts\n(.*?)```", re.DOTALL)
SECONDS = 60.0

pytestmark = pytest.mark.skipif(bool(missing("typescript")), reason=missing("typescript"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, after the tools of the client were installed."""
    subprocess.run([CLIENT / "build-testee.sh"], check=True)
    with iotflow_up(tmp_path_factory.mktemp("service") / "data") as running:
        yield running


def test_the_example_of_the_readme_runs(service: Service, tmp_path: Path) -> None:
    (example,) = EXAMPLE.findall((CLIENT / "README.md").read_text())
    source = tmp_path / "example.ts"
    source.write_text(example.replace("localhost:50051", f"localhost:{service.grpc_port}"))
    assert run(source, tmp_path) == "stored\n"


def test_a_page_writes_follows_and_reads(service: Service, tmp_path: Path) -> None:
    output = run(CLIENT / "test/page/writing-and-reading.ts", tmp_path, service.rest)
    assert json.loads(output) == {
        "live": 499_500,
        "acknowledged": 1001,
        "rejected": [{"sequence": 5, "count": 1, "reason": "TIME_TOO_FAR_AHEAD"}],
        "latest": {"level": 999},
        "failure": "UNAUTHENTICATED WRONG_KEY",
    }


def run(source: Path, folder: Path, *arguments: str) -> str:
    """The output of a program that imports the client."""
    program = folder / "program.mjs"
    bundle = [str(CLIENT / "node_modules/.bin/esbuild"), str(source), "--bundle", "--platform=node", "--format=esm"]
    package = f"--alias:@iotflow/client={CLIENT / 'src/node.ts'}"
    subprocess.run([*bundle, package, f"--outfile={program}", "--log-level=warning"], cwd=folder, check=True)
    done = subprocess.run(
        ["node", program, *arguments], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""The TypeScript client against the real service: its README, and what a page does over gRPC-Web."""

import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import free_port
from tests.support.service import Service, iotflow_up
from tools.client_tests import missing

CLIENT = Path(__file__).parents[2] / "clients/typescript"
README = (CLIENT / "README.md").read_text()
EXAMPLES = re.findall(r"```ts\n(.*?)```", README, re.DOTALL)
(COMPILER_SETTINGS,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
SECONDS = 60.0

pytestmark = pytest.mark.skipif(bool(missing("typescript")), reason=missing("typescript"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, after the tools of the client were installed."""
    subprocess.run([CLIENT / "build-testee.sh"], check=True)
    with iotflow_up(tmp_path_factory.mktemp("service") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `node_modules` with the package as it is installed, and its dependencies."""
    folder = tmp_path_factory.mktemp("package")
    subprocess.run([CLIENT / "package.sh", folder], check=True)
    (archive,) = folder.glob("*.tgz")
    modules = folder / "node_modules"
    with tarfile.open(archive) as packed:
        packed.extractall(modules / "@iotflow", filter="data")
    (modules / "@iotflow/package").rename(modules / "@iotflow/client")
    for name in ("@bufbuild", "@connectrpc", "@types", "undici-types"):
        (modules / name).symlink_to(CLIENT / "node_modules" / name)
    return modules


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_readme_runs_as_it_is_pasted_and_again(
    service: Service, package: Path, tmp_path: Path, number: int
) -> None:
    (tmp_path / "node_modules").symlink_to(package)
    example = EXAMPLES[number].replace("localhost:50051", f"localhost:{service.grpc_port}")
    (tmp_path / "first.mjs").write_text(example)
    for _ in range(2):
        node(tmp_path, "first.mjs")
    # As TypeScript, with the settings of the README.
    (tmp_path / "first.ts").write_text(example)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(COMPILER_SETTINGS)
    compiled = subprocess.run(
        [CLIENT / "node_modules/.bin/tsc"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert compiled.returncode == 0, compiled.stdout
    node(tmp_path, "first.js")


def test_the_first_example_does_not_hang_where_nothing_answers(package: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(package)
    (tmp_path / "first.mjs").write_text(EXAMPLES[0].replace("localhost:50051", f"localhost:{free_port()}"))
    done = subprocess.run(
        ["node", "first.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode != 0
    assert "ECONNREFUSED" in done.stderr


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
    """The output of a program that imports the client's sources."""
    bundle = [str(CLIENT / "node_modules/.bin/esbuild"), str(source), "--bundle", "--platform=node", "--format=esm"]
    subprocess.run([*bundle, "--outfile=program.mjs", "--log-level=warning"], cwd=folder, check=True)
    return node(folder, "program.mjs", *arguments)


def node(folder: Path, program: str, *arguments: str) -> str:
    """The output of a program in the folder."""
    done = subprocess.run(
        ["node", program, *arguments], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""Commands for the contract, to be combined in one call.

`deps` downloads the imported protos into .proto-deps. `check` runs lint, format and the breaking-change check against the
committed image of the last release, which `freeze` writes. `generate` writes clients/python. `drift` generates these and the
references in api/ again, and fails if a committed file differs. `validate` validates the references.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEPS = ROOT / ".proto-deps"
# The contract of the last release. A breaking change of it is rejected.
BASELINE = ROOT / "proto" / "baseline.binpb"
STUBS = ("clients/python/iotflow/v1",)
REFERENCES = ("api", "cli/iotflow_cli/api_reference/openapi.json")
WORDS = "clients/python/iotflow/words.py"
PROTOVALIDATE = "github.com/bufbuild/protovalidate@v1.2.2"
GOOGLE = (
    "api/annotations.proto",
    "api/field_behavior.proto",
    "api/http.proto",
    "api/httpbody.proto",
    "rpc/error_details.proto",
    "rpc/status.proto",
)
VALIDATE = "buf/validate/validate.proto"


def run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True)


def buf(*arguments: str | Path, stdout: int | None = None) -> bytes:
    """Run buf of this environment, which need not be active; what it wrote, if stdout is a pipe."""
    scripts = sysconfig.get_path("scripts")
    # Plugins of buf are there, too.
    environment = os.environ | {"PATH": os.pathsep.join((scripts, os.environ["PATH"]))}
    command = [Path(scripts, "buf"), *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=stdout, env=environment).stdout or b""


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def deps() -> None:
    """Bring what is missing."""
    if all((DEPS / name).exists() for name in (VALIDATE, *(f"google/{name}" for name in GOOGLE))):
        return
    shutil.rmtree(DEPS, ignore_errors=True)
    module = json.loads(output("go", "mod", "download", "-json", PROTOVALIDATE))
    google = find_spec("google.api")
    assert google is not None and google.submodule_search_locations, "googleapis-common-protos is not installed"
    for name in GOOGLE:
        copy(Path(google.submodule_search_locations[0]).parent / name, DEPS / "google" / name)
    copy(Path(module["Dir"], "proto/protovalidate", VALIDATE), DEPS / VALIDATE)


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())


def check() -> None:
    buf("lint")
    buf("format", "--diff", "--exit-code", "proto")
    try:
        buf("breaking", "proto", "--exclude-imports", "--against", str(BASELINE.relative_to(ROOT)))
    except subprocess.CalledProcessError:
        sys.exit("The contract breaks clients of the last release. CONTRIBUTING.md describes what may change, and how.")


def freeze() -> None:
    """Make the present contract the one that later ones are compared with: once for each release."""
    buf("build", "proto", "--exclude-source-info", "-o", str(BASELINE.relative_to(ROOT)))


def generate() -> None:
    for folder in STUBS:
        for stub in (ROOT / folder).rglob("*_pb2*"):
            stub.unlink()
    buf("generate")
    run(sys.executable, "-m", "tools.words")


def drift() -> None:
    generate()
    run(sys.executable, "-m", "tools.api")
    changed = output("git", "status", "--porcelain", "--", *STUBS, WORDS, *REFERENCES)
    if changed:
        sys.exit(f"These files differ from the generated ones. Run `make generate` and commit them:\n{changed}")


def validate() -> None:
    run(sys.executable, "-m", "tools.api.validation")


if __name__ == "__main__":
    steps = {"deps": deps, "check": check, "freeze": freeze, "generate": generate, "drift": drift, "validate": validate}
    for step in sys.argv[1:]:
        steps[step]()

"""`iotflow test`."""

import shutil
import subprocess
from pathlib import Path

import click

from iotflow_cli.command_line.grammar import command
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError

# The folder above the distributions, if this is a checkout.
CHECKOUT = Path(__file__).resolve().parents[3]


@command("test")
@click.option("--coverage", is_flag=True, help="show which lines of the product the tests execute  [default: do not]")
def test(coverage: bool) -> int:
    """Run the tests, as `make test` does, in a checkout."""
    check_checkout(CHECKOUT)
    make = shutil.which("make")
    if make is None:
        raise CommandError("The tests need make. Install it.", ExitCode.NOT_FOUND)
    return subprocess.run([make, "-C", str(CHECKOUT), "coverage" if coverage else "test"], check=False).returncode  # noqa: S603


def check_checkout(folder: Path) -> None:
    """Raise CommandError where this is not the checkout, which has the tests."""
    if not (folder / "Makefile").is_file() or not (folder / "tests").is_dir():
        raise CommandError(
            "The tests are part of the repository, and this is an installed package. Run the command in a clone of it.",
            ExitCode.NOT_FOUND,
            reason="NO_CHECKOUT",
        )

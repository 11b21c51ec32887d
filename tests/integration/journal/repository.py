"""Where programs under test are run from."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[3]

#!/usr/bin/env python3
"""The older service's commands of the application; --help lists them."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[0] / "tools/older_script.py"))["start"](__file__)

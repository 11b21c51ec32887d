#!/usr/bin/env python3
"""Simulates one device of a type, or of each type, as the script of the older service did."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "tools/older_script.py"))["start"](__file__)

#!/usr/bin/env python3
"""Runs simulated devices; --interactive starts, watches, disturbs and stops them by commands, as the older script did."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "tools/older_script.py"))["start"](__file__)

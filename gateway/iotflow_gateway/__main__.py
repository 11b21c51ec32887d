"""Runs the adapter until SIGTERM, SIGINT or SIGHUP."""

import sys

import iotflow.safe_path  # noqa: F401

# isort: split

from iotflow_gateway.app import run
from iotflow_gateway.process import run_process

if __name__ == "__main__":
    sys.exit(run_process(run))

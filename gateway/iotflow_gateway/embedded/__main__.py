"""Runs the embedded broker until SIGTERM or SIGINT."""

import sys

from iotflow_gateway.embedded.app import run
from iotflow_gateway.starting import started

if __name__ == "__main__":
    sys.exit(started(run))

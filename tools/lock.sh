#!/bin/sh
# Pins every Python package: requirements.txt runs the service, requirements-dev.txt works on it.
set -eu
lock() { uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-package iotflow-client \
    --custom-compile-command 'make lock' --universal "$@"; }
lock pyproject.toml clients/python/pyproject.toml --extra build -o requirements.txt
lock pyproject.toml clients/python/pyproject.toml --extra build --extra dev -c requirements.txt -o requirements-dev.txt

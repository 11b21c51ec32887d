#!/bin/sh
# Pins every Python package: requirements.txt runs the service, requirements-dev.txt works on it.
set -eu
own=$(grep -ho '^iotflow-[a-z]*' pyproject.toml | sort -u | sed 's/^/--no-emit-package /')
# shellcheck disable=SC2086 # Several options.
lock() { uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url $own \
    --custom-compile-command 'make lock' --universal pyproject.toml --group build "$@"; }
lock -o requirements.txt
lock --group dev -c requirements.txt -o requirements-dev.txt

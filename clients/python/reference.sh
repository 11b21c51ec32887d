#!/bin/sh
# Writes the reference as HTML into the folder $1, a page for each module.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
python=$(cd ../.. && pwd)/.venv/bin/python
modules=$(ls iotflow/*.py | sed 's|/__init__||; s|/|.|; s|\.py$||')
cd "$out"
for module in $modules; do
    "$python" -m pydoc -w "$module" >/dev/null
done

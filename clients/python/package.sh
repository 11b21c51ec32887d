#!/bin/sh
# Builds the wheel and the source distribution of iotflow-client into the folder OUT: package.sh OUT
# Equal sources give equal bytes: files have the time of SOURCE_DATE_EPOCH, by default that of the last commit.
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
exec .venv/bin/uv build --quiet --no-build-isolation --python .venv/bin/python --out-dir "$out" clients/python

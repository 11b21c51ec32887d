#!/bin/sh
# Checks format, warnings and tests.
set -eu
cd "$(dirname "$0")"
./format.sh --check
./build-testee.sh
mvn --quiet --batch-mode -Dstyle.color=never test

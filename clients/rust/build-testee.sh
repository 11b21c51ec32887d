#!/bin/sh
# Builds the testee, which run-testee.sh starts. Prints errors only.
set -eu
cd "$(dirname "$0")"
cargo build --quiet --package testee

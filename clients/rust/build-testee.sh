#!/bin/sh
# Builds the testee, which run-testee.sh starts; with the word `release`, as applications build the client. Prints errors only.
set -eu
cd "$(dirname "$0")"
cargo build --quiet --package testee ${1:+"--$1"}

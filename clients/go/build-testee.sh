#!/bin/sh
# Builds the testee, which run-testee.sh starts. Prints errors only.
set -eu
cd "$(dirname "$0")"
mkdir -p ../../build/go
go build -o ../../build/go/testee ./testee

#!/bin/sh
# Writes the reference into the folder $1, as text.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
go doc -all . >"$out/iotflow.txt"
go doc -all ./iotflow/v1 >"$out/iotflowv1.txt"

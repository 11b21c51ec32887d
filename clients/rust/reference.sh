#!/bin/sh
# Writes the reference as HTML into the folder $1, beginning with iotflow/index.html.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
RUSTDOCFLAGS='--deny warnings' cargo doc --quiet --package iotflow --no-deps
cp -R ../../build/rust/doc/. "$out"

#!/bin/sh
# Checks format, style, types, the reference and tests.
set -eu
cd "$(dirname "$0")"
cargo fmt --all --check
cargo clippy --quiet --workspace --all-targets -- --deny warnings
RUSTDOCFLAGS='--deny warnings' cargo doc --quiet --package iotflow --no-deps
cargo test --quiet --workspace

#!/bin/sh
# Writes the crate into the folder $1. The same sources give the same bytes.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
# A copy outside of the repository, so that neither the commit nor the state of the work tree is in the package.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -R Cargo.toml README.md src testee ../../LICENSE "$copy"
cd "$copy"
cargo package --quiet --no-verify --exclude-lockfile --target-dir "$copy/target"
cp target/package/*.crate "$out"

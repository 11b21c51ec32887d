#!/bin/sh
# Writes the stubs of the contract in $1 into $2.
set -eu
image=$(mktemp)
trap 'rm -f "$image"' EXIT
(cd "$1" && python -m grpc_tools.protoc -I . --include_imports --include_source_info --descriptor_set_out="$image" iotflow/v1/*.proto)
cargo run --quiet --manifest-path codegen/Cargo.toml -- "$image" "$2"

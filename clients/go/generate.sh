#!/bin/sh
# Writes the stubs of the contract in $1 into $2 (package iotflow/v1 of this module).
set -eu
plugins=$(pwd)/../../build/go-plugins
GOBIN=$plugins go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN=$plugins go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
cd "$1"
python -m grpc_tools.protoc -I . --plugin="$plugins/protoc-gen-go" --plugin="$plugins/protoc-gen-go-grpc" \
    --go_out="$2" --go_opt=module=iotflow/clients/go/iotflow/v1 \
    --go-grpc_out="$2" --go-grpc_opt=module=iotflow/clients/go/iotflow/v1 iotflow/v1/*.proto

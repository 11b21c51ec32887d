#!/bin/sh
# Writes the stubs of the contract in $1 into $2.
set -eu
npm ci --silent --no-audit --no-fund
plugin=$(pwd)/node_modules/.bin/protoc-gen-es
cd "$1"
python -m grpc_tools.protoc -I . --plugin="$plugin" --es_out="$2" --es_opt=target=ts,import_extension=js \
    $(find . -name '*.proto' | sed 's|^\./||' | sort)

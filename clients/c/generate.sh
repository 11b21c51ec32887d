#!/bin/sh
# Writes the stubs of the contract in $1 into $2, with the generator of nanopb.
set -eu
tools=$(pwd)/../../build/nanopb
if [ ! -x "$tools/bin/nanopb_generator" ]; then
    python -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check nanopb==0.4.9.1 protobuf==6.33.2
fi
cd "$1"
# What the generator notes about fields without a limit is the intention: the application gives callbacks for them.
python -m grpc_tools.protoc -I . -I "$(python -c 'import grpc_tools, os; print(os.path.dirname(grpc_tools.__file__))')/_proto" \
    --plugin="protoc-gen-nanopb=$tools/bin/protoc-gen-nanopb" --nanopb_out="--quiet:$2" \
    google/protobuf/struct.proto google/protobuf/timestamp.proto google/rpc/error_details.proto google/protobuf/duration.proto google/protobuf/any.proto \
    google/rpc/status.proto google/api/httpbody.proto \
    $(find . -name '*.proto' | sed 's|^\./||' | grep -v '^google/' | sort)

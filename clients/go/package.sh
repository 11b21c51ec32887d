#!/bin/sh
# Writes the module into the folder $1 as the zip file that module proxies serve. The same sources give the same bytes.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
version=$(sed -n 's/^const Version = "\(.*\)"$/\1/p' client.go)
go run modulezip.go "v$version" "$out/iotflow-go-$version.zip"

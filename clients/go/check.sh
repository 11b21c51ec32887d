#!/bin/sh
# Checks format, types, style and tests.
set -eu
cd "$(dirname "$0")"
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "Run gofmt -w on: $unformatted"; exit 1; }
go vet ./...
GOOS=windows go vet .
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 . ./testee
go test -race ./...

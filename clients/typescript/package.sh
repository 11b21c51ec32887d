#!/bin/sh
# Makes the npm package in the folder $1. The same sources make the same bytes.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
[ -d node_modules/esbuild ] || npm ci --silent --no-audit --no-fund
rm -rf dist
node_modules/.bin/tsc -p tsconfig.build.json
npm pack --silent --pack-destination "$out"

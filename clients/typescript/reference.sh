#!/bin/sh
# Writes the reference as HTML into the folder $1.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
[ -d node_modules/esbuild ] || npm ci --silent --no-audit --no-fund
# TypeDoc calls the compiler's interface in JavaScript, which the version in package.json no longer has.
npx --yes --package typescript@5.9.3 --package typedoc@0.28.14 typedoc --logLevel Error \
    --disableSources --readme none --out "$out" src/node.ts src/browser.ts

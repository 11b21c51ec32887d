#!/bin/sh
# Formatter, linter, types, unit tests.
set -eu
cd "$(dirname "$0")"
[ -d node_modules/esbuild ] || npm ci --silent --no-audit --no-fund
node_modules/.bin/biome ci --error-on-warnings .
node_modules/.bin/tsc --noEmit
rm -rf build/test
node_modules/.bin/esbuild test/*.test.ts --bundle --platform=node --format=esm --out-extension:.js=.mjs \
    --outdir=build/test --log-level=warning
node --test --test-reporter=dot build/test/
./bundle-size.sh

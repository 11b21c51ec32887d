#!/bin/sh
# Bundles the testee into build/testee.mjs.
set -eu
cd "$(dirname "$0")"
[ -d node_modules/esbuild ] || npm ci --silent --no-audit --no-fund
node_modules/.bin/esbuild testee/main.ts --bundle --platform=node --format=esm --outfile=build/testee.mjs --log-level=warning

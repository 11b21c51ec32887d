#!/bin/sh
# Fails if a page that subscribes is larger than 40 kB, compressed.
set -eu
cd "$(dirname "$0")"
limit=40000
node_modules/.bin/esbuild test/page/subscribing.ts --bundle --minify --format=esm --outfile=build/page.js \
    --log-level=warning
size=$(gzip -9 -n -c build/page.js | wc -c)
[ "$size" -le "$limit" ] || { echo "A page that subscribes has $size bytes (gzip); the limit is $limit." >&2; exit 1; }

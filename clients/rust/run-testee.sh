#!/bin/sh
# Becomes the testee that build-testee.sh has built.
exec "$(dirname "$0")/../../build/rust/debug/testee"

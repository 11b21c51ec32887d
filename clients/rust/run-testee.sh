#!/bin/sh
# Becomes the testee that build-testee.sh has built, with the same word.
exec "$(dirname "$0")/../../build/rust/${1:-debug}/testee"

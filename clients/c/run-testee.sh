#!/bin/sh
# Becomes the testee.
exec "$(dirname "$0")/../../build/c/testee"

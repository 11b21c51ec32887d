#!/bin/sh
# Becomes the testee.
exec node "$(dirname "$0")/build/testee.mjs"

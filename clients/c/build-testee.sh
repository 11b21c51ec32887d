#!/bin/sh
# Builds the testee into build/c.
set -eu
cd "$(dirname "$0")"
mkdir -p ../../build/c
gcc -std=c99 -O2 -g -Wall -Wextra -Wconversion -Werror -Iinclude -Iports src/*.c ports/posix_*.c testee/*.c -o ../../build/c/testee

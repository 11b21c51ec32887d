#!/bin/sh
# Builds the testee into build/c.
set -eu
cd "$(dirname "$0")"
mkdir -p ../../build/c
[ -e /usr/include/openssl/ssl.h ] || ./debian_packages.sh
gcc -std=c99 -O2 -g -Wall -Wextra -Wconversion -Werror -Iinclude -Iports src/*.c ports/posix_*.c ports/openssl_tls.c testee/*.c \
    -lssl -lcrypto -o ../../build/c/testee

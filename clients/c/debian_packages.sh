#!/bin/sh
# Installs what check.sh and reference.sh use and a Debian machine may lack: the compilers, the compiler for microcontrollers, lwIP's
# headers, nanopb's C runtime, which the stubs are tried with, and Doxygen. What is there already is used as it is.
set -eu
missing=""
command -v gcc >/dev/null 2>&1 || missing="$missing gcc"
command -v g++ >/dev/null 2>&1 || missing="$missing g++"
command -v clang >/dev/null 2>&1 || missing="$missing clang"
command -v clang-format >/dev/null 2>&1 || missing="$missing clang-format"
ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a >/dev/null 2>&1 || missing="$missing libclang-rt-dev"
command -v cppcheck >/dev/null 2>&1 || missing="$missing cppcheck"
command -v arm-none-eabi-gcc >/dev/null 2>&1 || missing="$missing gcc-arm-none-eabi"
ls /usr/lib/arm-none-eabi/newlib/libc_nano.a /usr/lib/arm-none-eabi/lib/libc_nano.a >/dev/null 2>&1 || missing="$missing libnewlib-arm-none-eabi"
[ -e /usr/include/pb_encode.h ] || missing="$missing libnanopb-dev"
[ -e /usr/include/openssl/ssl.h ] || missing="$missing libssl-dev"
[ -e /usr/include/lwip/lwip/sockets.h ] || missing="$missing liblwip-dev"
command -v doxygen >/dev/null 2>&1 || missing="$missing doxygen"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
    echo "The checks of the C client need these Debian packages; install them, or run this as root:$missing" >&2
    exit 1
fi
echo "Installing$missing …"
wait_for_lock="-o DPkg::Lock::Timeout=300"
apt-get $wait_for_lock update -qq
DEBIAN_FRONTEND=noninteractive apt-get $wait_for_lock install -y -qq --no-install-recommends $missing >/dev/null

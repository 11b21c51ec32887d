#!/bin/sh
# Checks the client: format, warnings of four compilers, tests under sanitizers, fuzzing, and the budget of flash and RAM.
set -eu
cd "$(dirname "$0")"
./debian_packages.sh
build=$(cd ../.. && pwd)/build/c
mkdir -p "$build"
sources="src/*.c ports/posix_*.c"
include="-Iinclude -Iports -Istubs"
warnings="-Wall -Wextra -Wconversion -Wpedantic -Wshadow -Wstrict-aliasing -Werror"
clang-format --dry-run --Werror src/*.c include/iotflow/*.h ports/*.c ports/*.h tests/*.c tests/*.h tests/fuzz/*.c size/*.c examples/posix/*.c

for file in $sources ports/openssl_tls.c examples/posix/*.c size/smallest.c; do
    gcc -std=c99 $warnings -O2 $include -c "$file" -o "$build/warnings.o"
    clang -std=c99 $warnings -O2 $include -c "$file" -o "$build/warnings.o"
done
for file in $sources ports/openssl_tls.c; do
    g++ -x c++ -std=c++11 $warnings -O2 $include -c "$file" -o "$build/warnings.o"
    clang++ -x c++ -std=c++11 -Wno-deprecated $warnings -O2 $include -c "$file" -o "$build/warnings.o"
done
# The other ports and examples: lwIP with its real headers, Zephyr and ESP32 with the stubs in examples/stubs.
gcc -std=gnu99 $warnings $include -Iexamples/lwip -isystem /usr/include/lwip -DSSIZE_MAX=INT_MAX -c ports/lwip_socket.c -o "$build/warnings.o"
for file in ports/zephyr_socket.c examples/zephyr/main.c examples/esp-idf/main/main.c; do
    gcc -std=gnu11 $warnings $include -Iexamples/stubs -c "$file" -o "$build/warnings.o"
done
g++ -x c++ -std=c++17 $warnings -Wno-shadow $include -Iexamples/stubs -c examples/arduino/FirstReading/FirstReading.ino -o "$build/warnings.o"
for file in $(find stubs -name '*.pb.c'); do
    gcc -std=c99 -Wall -Wextra -Werror $include -c "$file" -o "$build/warnings.o"
done
./build-testee.sh
cppcheck --quiet --error-exitcode=1 --enable=warning,portability,performance --std=c99 -Iinclude src ports/posix_*.c

sanitized="clang -std=c99 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all $include"
for file in $sources; do
    $sanitized -c "$file" -o "$build/$(basename "$file" .c).san.o"
done
for stub in stubs/iotflow/v1/telemetry.pb.c stubs/google/protobuf/struct.pb.c stubs/google/protobuf/timestamp.pb.c; do
    $sanitized -c "$stub" -o "$build/$(basename "$stub" .pb.c).san.o"
done
for test in tests/test_*.c; do
    name=$(basename "$test" .c)
    $sanitized -Itests "$test" "$build"/*.san.o -lprotobuf-nanopb -lm -o "$build/$name"
    "$build/$name"
done
clang -std=c99 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $include src/*.c tests/fuzz/fuzz_parsers.c -o "$build/fuzz"
mkdir -p "$build/corpus"
"$build/fuzz" -max_total_time="${FUZZ_SECONDS:-5}" -max_len=600 -print_final_stats=0 -artifact_prefix="$build/" "$build/corpus" >"$build/fuzz.log" 2>&1 || {
    tail -40 "$build/fuzz.log"
    exit 1
}
python3 size/measure.py "$build/size"

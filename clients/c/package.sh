#!/bin/sh
# Writes the reproducible packages into folder $1: a tarball for CMake and PlatformIO, and a ZIP for Arduino's library manager.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
version=$(sed -n 's/^version=//p' library.properties)
name=iotflow-c-$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name" "$work/IoTFlow/src"
cp -R CMakeLists.txt README.md MISRA.md library.json include src ports stubs examples ../../LICENSE "$work/$name"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=a+rX,u+w,go-w -C "$work" -cf - "$name" | gzip -n >"$out/$name.tar.gz"
# Arduino compiles what lies in src, and takes headers from there.
cp -R include/iotflow "$work/IoTFlow/src/iotflow"
cp src/*.c "$work/IoTFlow/src"
mkdir -p "$work/IoTFlow/examples"
cp -R examples/arduino/FirstReading "$work/IoTFlow/examples"
cp library.properties README.md ../../LICENSE "$work/IoTFlow"
python3 - "$work" "$out/IoTFlow-$version.zip" <<'EOF'
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

root = Path(sys.argv[1])
with ZipFile(sys.argv[2], "w") as made:
    for path in sorted(each for each in (root / "IoTFlow").rglob("*") if each.is_file()):
        entry = ZipInfo(path.relative_to(root).as_posix())
        entry.compress_type = ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        made.writestr(entry, path.read_bytes())
EOF

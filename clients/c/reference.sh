#!/bin/sh
# Writes the reference as HTML into the folder $1.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
./debian_packages.sh
doxygen - <<EOF
PROJECT_NAME = "IoTFlow for C"
INPUT = include/iotflow ports
FILE_PATTERNS = *.h
OUTPUT_DIRECTORY = $out
HTML_OUTPUT = .
GENERATE_LATEX = NO
HAVE_DOT = NO
JAVADOC_AUTOBRIEF = YES
OPTIMIZE_OUTPUT_FOR_C = YES
EXTRACT_ALL = YES
QUIET = YES
WARN_AS_ERROR = YES
EOF

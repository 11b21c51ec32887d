#!/bin/sh
# Writes the reference (Javadoc) as HTML into the folder $1.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
mvn --quiet --batch-mode -Dstyle.color=never dependency:build-classpath "-Dmdep.outputFile=$build/path"
javadoc -quiet -Xdoclint:all,-missing -Werror -notimestamp -classpath "$(cat "$build/path")" \
    -sourcepath src/main/java:src/generated/java -d "$out" iotflow.client

#!/bin/sh
# Writes the jar, the jar of its sources and the pom into the folder $1. The same sources give the same bytes.
set -eu
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
mvn --quiet --batch-mode -Dstyle.color=never -DskipTests "-Doutput.folder=$build" package
version=$(sed -n 's|^  <version>\(.*\)</version>$|\1|p' pom.xml)
cp "$build/iotflow-client-$version.jar" "$build/iotflow-client-$version-sources.jar" "$out"
cp pom.xml "$out/iotflow-client-$version.pom"

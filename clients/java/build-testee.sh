#!/bin/sh
# Builds the testee, which run-testee.sh starts. Prints errors only.
set -eu
cd "$(dirname "$0")"
build=$(cd ../.. && pwd)/build/java
mvn --quiet --batch-mode -Dstyle.color=never compile dependency:copy-dependencies -DincludeScope=runtime \
    "-DoutputDirectory=$build/lib"
mkdir -p "$build/testee"
javac --release 11 -Xlint:all -Werror -cp "$build/classes:$build/lib/*" -d "$build/testee" testee/*.java

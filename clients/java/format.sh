#!/bin/sh
# Formats the sources. With `--check`, names those that are not formatted, and fails.
set -eu
cd "$(dirname "$0")"
tools=$(cd ../.. && pwd)/build/java-plugins
version=1.28.0
mvn --quiet --batch-mode -Dstyle.color=never dependency:copy \
    "-Dartifact=com.google.googlejavaformat:google-java-format:$version:jar:all-deps" "-DoutputDirectory=$tools" \
    -Dmdep.overWriteReleases=false
options="--replace"
[ "${1:-}" != --check ] || options="--dry-run --set-exit-if-changed"
exports=""
for package in api code file parser tree util; do
    exports="$exports --add-exports=jdk.compiler/com.sun.tools.javac.$package=ALL-UNNAMED"
done
# shellcheck disable=SC2086
exec java $exports -jar "$tools/google-java-format-$version-all-deps.jar" $options \
    $(find src/main src/test testee -name '*.java')

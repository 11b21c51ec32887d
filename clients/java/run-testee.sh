#!/bin/sh
# Becomes the testee that build-testee.sh has built. Its heap is bounded, because the tests look at its memory; with the word
# `release` the JVM has its defaults.
build=$(dirname "$0")/../../build/java
bounds="-Xms16m -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
[ "${1:-}" != release ] || bounds=
exec java $bounds -Xshare:auto -cp "$build/testee:$build/classes:$build/lib/*" iotflow.testee.Testee

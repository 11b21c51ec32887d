#!/bin/sh
# Becomes the testee that build-testee.sh has built. Its heap is bounded, because the tests look at its memory.
build=$(dirname "$0")/../../build/java
exec java -Xms16m -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
    -cp "$build/testee:$build/classes:$build/lib/*" iotflow.testee.Testee

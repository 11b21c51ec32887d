#!/bin/sh
# Writes the stubs of the contract in $1 into $2. The compiler and the plugin are Maven artifacts, which fit the runtimes in pom.xml.
set -eu
tools=$(pwd)/../../build/java-plugins
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-x86_64 ;;
    Linux-aarch64) platform=linux-aarch_64 ;;
    Darwin-*) platform=osx-aarch_64 ;;
    *) echo "No protoc of Maven fits this machine: $(uname -s) $(uname -m)" >&2; exit 1 ;;
esac
for artifact in com.google.protobuf:protoc:4.32.1 io.grpc:protoc-gen-grpc-java:1.75.0; do
    mvn --quiet --batch-mode dependency:copy "-Dartifact=$artifact:exe:$platform" "-DoutputDirectory=$tools" -Dmdep.overWriteReleases=false
done
chmod +x "$tools"/*.exe
cd "$1"
# HttpBody is the only message of google/api that a call carries. Its artifact needs the full runtime, so it is generated too.
"$tools/protoc-4.32.1-$platform.exe" -I . -I "$(python -c 'import grpc_tools, os; print(os.path.dirname(grpc_tools.__file__))')/_proto" \
    --plugin="protoc-gen-grpc-java=$tools/protoc-gen-grpc-java-1.75.0-$platform.exe" \
    --java_out="lite:$2" --grpc-java_out="lite,@generated=omit:$2" iotflow/v1/*.proto google/api/httpbody.proto

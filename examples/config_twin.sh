#!/bin/sh
# An operator changes the desired configuration, the device applies and reports it, and the difference disappears.
set -eu
url=${IOTFLOW_URL:-http://localhost:5000}
token=$(cat "${IOTFLOW_DATA_DIR:-data}/admin-token")

value() { python3 -c 'import functools, json, sys
print(functools.reduce(lambda part, key: part[key], sys.argv[1:], json.load(sys.stdin)))' "$@"; }

device=$(curl -sf "$url/api/v1/devices/register" -d "{\"name\": \"twin-$$-$(date +%s)\"}")
key=$(echo "$device" | value device api_key)
id=$(echo "$device" | value device id)
twin="$url/api/v1/admin/devices/$id/config"

difference() {
  echo "$1: $(curl -sf "$twin" -H "authorization: Bearer $token" |
    python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["difference"], sort_keys=True))')"
}

# A merge patch. With expected_version a concurrent change is rejected instead of overwritten.
curl -sf -X PATCH "$twin" -H "authorization: Bearer $token" -o /dev/null \
  -d '{"patch": {"interval": 60, "mode": {"eco": true}}, "expected_version": 0}'
difference "desired"

curl -sf -X PUT "$url/api/v1/devices/config" -H "x-api-key: $key" -o /dev/null \
  -d '{"configuration": {"interval": 60}}'
difference "interval reported"

curl -sf -X PUT "$url/api/v1/devices/config" -H "x-api-key: $key" -o /dev/null \
  -d '{"configuration": {"interval": 60, "mode": {"eco": true}}}'
difference "all reported"

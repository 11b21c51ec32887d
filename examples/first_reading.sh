#!/bin/sh
# Registers a device, sends a reading, and queries it.
set -eu
url=${IOTFLOW_URL:-http://localhost:5000}

# The value at a path of keys in a JSON document: `value device api_key < answer`.
value() { python3 -c 'import functools, json, sys
print(functools.reduce(lambda part, key: part[key], sys.argv[1:], json.load(sys.stdin)))' "$@"; }

device=$(curl -sf "$url/api/v1/devices/register" -d "{\"name\": \"first-$$-$(date +%s)\"}")
key=$(echo "$device" | value device api_key)
id=$(echo "$device" | value device id)

# --fail makes curl report a rejection; a 2xx means that the reading is stored.
curl -sf "$url/api/v1/devices/telemetry" -H "x-api-key: $key" -o /dev/null \
  -d '{"data": {"temperature": 21.5, "door_open": false}}'

count=$(curl -sf "$url/api/v1/telemetry/$id?start_time=-1h" -H "x-api-key: $key" | value count)
echo "device $id has $count reading"

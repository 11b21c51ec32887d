#!/bin/sh
# Sends readings that a device collected while it was offline. What cannot be stored is named; the rest is stored.
set -eu
url=${IOTFLOW_URL:-http://localhost:5000}

value() { python3 -c 'import functools, json, sys
print(functools.reduce(lambda part, key: part[key], sys.argv[1:], json.load(sys.stdin)))' "$@"; }

key=$(curl -sf "$url/api/v1/devices/register" -d "{\"name\": \"batch-$$-$(date +%s)\"}" | value device api_key)

answer=$(curl -sf "$url/api/v1/devices/telemetry/batch" -H "x-api-key: $key" -d '{"readings": [
  {"timestamp": "2026-01-31T11:57:00Z", "data": {"temperature": 21.0}},
  {"timestamp": "2026-01-31T11:58:00Z", "data": {"temperature": 21.1}},
  {"timestamp": "2026-01-31T11:59:00Z", "data": {"temperature": "warm"}}]}')

# A device keeps what is `retryable` and drops the rest. Resending the whole batch is harmless, too: equal times overwrite.
echo "$answer" | python3 -c '
import json, sys
answer = json.load(sys.stdin)
print("stored", answer["accepted"])
for rejection in answer["rejected"]:
    action = "keep" if rejection["retryable"] else "drop"
    print(action, "reading", rejection["index"], rejection["measurement"], rejection["reason"])
'

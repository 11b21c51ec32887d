#!/bin/sh
# Sends one command to all devices of a type, lets two devices execute it, and lists the results.
set -eu
url=${IOTFLOW_URL:-http://localhost:5000}
token=$(cat "${IOTFLOW_DATA_DIR:-data}/admin-token")
type="lamp-$$-$(date +%s)"

value() { python3 -c 'import functools, json, sys
print(functools.reduce(lambda part, key: part[int(key) if isinstance(part, list) else key], sys.argv[1:], json.load(sys.stdin)))' "$@"; }

register() { curl -sf "$url/api/v1/devices/register" -d "{\"name\": \"$1\", \"device_type\": \"$type\"}" | value device api_key; }

# What the firmware does: poll, execute, acknowledge.
execute() {
  command=$(curl -sf "$url/api/v1/devices/commands" -H "x-api-key: $1" | value commands 0 id)
  curl -sf "$url/api/v1/devices/commands/$command/ack" -H "x-api-key: $1" -o /dev/null \
    -d '{"state": "succeeded", "result": {"brightness": 40}}'
}

left=$(register "$type-left")
right=$(register "$type-right")

# The idempotency key makes a repeated request harmless.
made=$(curl -sf "$url/api/v1/admin/groups/$type/commands" -H "authorization: Bearer $token" \
  -d "{\"name\": \"dim\", \"parameters\": {\"brightness\": 40}, \"time_to_live_seconds\": 60, \"idempotency_key\": \"$type-1\"}" |
  value commands_made)
echo "$made commands for $type"

execute "$left"
execute "$right"

curl -sf "$url/api/v1/admin/commands?state=succeeded&page_size=2" -H "authorization: Bearer $token" | python3 -c '
import json, sys
for command in json.load(sys.stdin)["commands"]:
    print("device", command["device_id"], command["name"], command["state"], command["result"])
'

#!/bin/sh
# Makes a token that may read for an hour, lists devices with it, and revokes it.
set -eu
url=${IOTFLOW_URL:-http://localhost:5000}
admin="authorization: Bearer $(cat "${IOTFLOW_DATA_DIR:-data}/admin-token")"

value() { python3 -c 'import functools, json, sys
print(functools.reduce(lambda part, key: part[key], sys.argv[1:], json.load(sys.stdin)))' "$@"; }

status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }

made=$(curl -sf "$url/api/v1/admin/tokens" -H "$admin" \
  -d "{\"name\": \"dashboard-$$-$(date +%s)\", \"role\": \"viewer\", \"time_to_live_seconds\": 3600}")
viewer="authorization: Bearer $(echo "$made" | value secret)"
id=$(echo "$made" | value token id)

echo "list devices: $(status "$url/api/v1/admin/devices" -H "$viewer")"
echo "make a token: $(status "$url/api/v1/admin/tokens" -H "$viewer" -d '{"name": "x", "role": "admin"}')"
curl -sf -X DELETE "$url/api/v1/admin/tokens/$id" -H "$admin" -o /dev/null
echo "after revocation: $(status "$url/api/v1/admin/devices" -H "$viewer")"

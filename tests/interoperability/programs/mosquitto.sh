#!/bin/sh
# A device with mosquitto_sub and mosquitto_pub: mosquitto.sh PORT ID KEY VERSION.
set -eu
port=$1 id=$2 key=$3 version=$4
publish() {
    mosquitto_pub -p "$port" -u "$id" -P "$key" -V "$version" -i publisher "$@"
}
received=$(mktemp)
trap 'rm -f "$received"' EXIT
mosquitto_sub -p "$port" -u "$id" -P "$key" -V "$version" -i subscriber -q 1 -C 1 -W 60 \
    -t "iotflow/devices/$id/commands/control" > "$received" &
subscriber=$!
for qos in 1 2; do
    for number in 1 2 3 4 5 6 7 8 9 10; do
        echo "{\"timestamp\": $((1700000000000 + 2 * number + qos)), \"data\": {\"value\": $number}}"
    done | publish -q "$qos" -l -t "iotflow/devices/$id/telemetry"
done
echo published
wait "$subscriber"
command=$(sed -n 's/.*"command_id": *\([0-9]*\).*/\1/p' "$received")
publish -q 1 -t "iotflow/devices/$id/commands/ack" -m "{\"command_id\": $command, \"state\": \"succeeded\"}"
echo ended

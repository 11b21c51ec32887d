#!/bin/sh
# Brings what the service is measured against: InfluxDB 1.6 and Mosquitto (Debian), and Telegraf with the plug-ins needed (a Go
# module, built in about ten minutes on two cores) into build/peers.
set -eu
telegraf=v1.39.1
folder="$(cd "$(dirname "$0")/.." && pwd)/build/peers"
if ! command -v influxd >/dev/null 2>&1; then
    if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
        echo "bench-peers needs InfluxDB 1; install Debian's package influxdb, or run this as root" >&2
        exit 1
    fi
    echo "Installing influxdb …"
    wait_for_lock="-o DPkg::Lock::Timeout=300"
    apt-get $wait_for_lock update -qq
    DEBIAN_FRONTEND=noninteractive apt-get $wait_for_lock install -y -qq --no-install-recommends influxdb >/dev/null
fi
if ! [ -e /usr/include/MQTTClient.h ]; then
    echo "Installing libpaho-mqtt-dev …"
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends libpaho-mqtt-dev >/dev/null
fi
[ ! -x "$folder/telegraf-$telegraf" ] || exit 0
echo "Building Telegraf $telegraf, once …"
mkdir -p "$folder"
GOBIN="$folder" GOFLAGS=-mod=mod GONOSUMDB='github.com/SAP/*' go install \
    -tags custom,inputs.exec,inputs.mqtt_consumer,outputs.influxdb,outputs.mqtt,parsers.json,serializers.influx,serializers.json \
    "github.com/influxdata/telegraf/cmd/telegraf@$telegraf"
mv "$folder/telegraf" "$folder/telegraf-$telegraf"
ln -sf "telegraf-$telegraf" "$folder/telegraf"

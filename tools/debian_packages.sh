#!/bin/sh
# Installs the servers and tools that the tests use and a Debian machine may lack: PostgreSQL, Go to bring the
# contract's imports, npm to bring AsyncAPI's schema, curl to run the README's examples, Java with Maven to bring and run
# IoTDB, Redis, and Mosquitto with its clients. What is there already is used as it is.
set -eu
missing=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v go >/dev/null 2>&1 || missing="$missing golang-go"
command -v java >/dev/null 2>&1 || missing="$missing default-jre-headless"
command -v mvn >/dev/null 2>&1 || missing="$missing maven"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
{ command -v mosquitto || ls /usr/sbin/mosquitto; } >/dev/null 2>&1 || missing="$missing mosquitto"
command -v mosquitto_pub >/dev/null 2>&1 || missing="$missing mosquitto-clients"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
    echo "The tests need these Debian packages; install them, or run this as root:$missing" >&2
    exit 1
fi
echo "Installing$missing …"
# Another program may be installing, such as a new machine's own updates.
wait_for_lock="-o DPkg::Lock::Timeout=300"
apt-get $wait_for_lock update -qq
# PostgreSQL's own cluster is not used; the tests make one each.
DEBIAN_FRONTEND=noninteractive apt-get $wait_for_lock install -y -qq --no-install-recommends $missing >/dev/null

#!/bin/sh
# The older service's commands of its containers, for the processes of this machine; --help lists them.
root=$(dirname "$(realpath "$0")")
python=$root/.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" -P -m iotflow_cli.older_commands docker-manage.sh "$@"

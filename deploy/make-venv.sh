#!/bin/sh
# make-venv.sh PYTHON DIR: a virtual environment; on Debian and Ubuntu, as root, python3-venv is installed where it lacks.
set -eu
python=$1 dir=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$python is older than 3.11: install a newer one and say make PYTHON=python3.12" >&2
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv ..."
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "$python cannot make virtual environments: apt-get install python3-venv, then run this again" >&2
        exit 1
    fi
fi
[ -x "$dir/bin/python" ] || "$python" -m venv "$dir"

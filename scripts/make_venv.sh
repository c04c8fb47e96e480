#!/bin/sh
# Make the virtual environment with the newest Python that the portal supports and that this machine has.
# On Debian, as root, installs python3 and python3-venv when they are missing, and says so.
set -eu
venv=$1

newest() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        path=$(command -v "$name") || continue
        "$path" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null || continue
        "$path" -c 'import ensurepip, venv' 2>/dev/null || continue
        echo "$path"
        return 0
    done
    return 1
}

if ! python=$(newest); then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3 and python3-venv"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
        python=$(newest) || { echo "This Debian has no Python 3.11 or newer." >&2; exit 1; }
    else
        echo "Python 3.11 or newer with its venv module is needed (Debian: apt install python3 python3-venv)." >&2
        exit 1
    fi
fi
echo "Making $venv with $($python --version)"
"$python" -m venv "$venv"

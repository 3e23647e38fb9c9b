#!/bin/sh
# install-services.sh LIST: the Debian packages of LIST (one a line) for the tests, where we are root and apt is there.
# The tests start the servers themselves, on private ports: policy-rc.d keeps the packages from starting theirs.
set -eu
missing=$(while read -r package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
done <"$1" 2>/dev/null)

[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not root, or no apt here: the tests on real servers will be left out, and will say so." >&2
    exit 0
fi
echo "Installing the servers the tests run against:" $missing
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
apt-get update -qq
# shellcheck disable=SC2086  # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null

#!/usr/bin/env bash
# A clone in an empty folder installs itself from the wheelhouse $1 and builds a chapter where there is no network: in a
# namespace of its own with nothing but the loopback, over which notebooks talk to their kernels. Needs 7 GB in TMPDIR.
set -euo pipefail
wheelhouse=$(realpath -e "$1")
cd "$(dirname "$0")/.."

skip() {
    echo "skipped: $*"
    exit 0
}
unshare --net true 2>/dev/null || skip "no network namespace can be made here; on Linux root can"
[ -n "$(command -v ip)" ] || skip "ip, which brings up the loopback, is not here"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet . "$folder/book"
# An empty home: neither pip's settings nor what it has downloaded before.
export HOME="$folder" PIP_CONFIG_FILE=/dev/null
unset PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS XDG_CACHE_HOME OE_DATA OE_RUNS MAKEFLAGS
unshare --net bash -euc '
    ip link set lo up
    [ -z "$(ip route)" ] || { echo "there is a way out: $(ip route)" >&2; exit 1; }
    make -C "$0" book SCALE=smoke CHAPTER=01_metrics PYTHON="$1" WHEELHOUSE="$2"
' "$folder/book" "${PYTHON:-python3}" "$wheelhouse"
echo "installed and built without a network: $(cd "$folder/book/runs/smoke/notebooks" && ls 01_metrics*)"

#!/bin/sh
# make demo: builds, starts the mock portal on loopback, shows its counters as "SECTION KEY COUNT", stops it.
set -eu
cd "$(dirname "$0")/.."

lua=${DEMO_LUA:-$(scripts/luas.sh | cut -d' ' -f1)}
[ -n "$lua" ] || { echo "b24: no Lua found" >&2; exit 1; }
make -s module LUA="$lua" >&2

. scripts/with_portal.sh
eval "$(make -s env LUA="$lua")"
B24_WEBHOOK=$(field webhook)
export B24_WEBHOOK
echo "b24: asking the mock portal over TLS, from $($lua -v 2>&1 | cut -d' ' -f1-2)" >&2
"$lua" scripts/demo.lua "$(field ca_file)"

#!/bin/sh
# make demo: builds, starts the mock portal on loopback, shows its counters as "SECTION KEY COUNT", stops it.
set -eu
cd "$(dirname "$0")/.."

lua=${DEMO_LUA:-}
for candidate in lua5.4 lua5.3 lua5.2 lua5.1 luajit lua; do
  [ -n "$lua" ] || ! command -v "$candidate" >/dev/null 2>&1 || lua=$candidate
done
[ -n "$lua" ] || { echo "b24: no Lua found" >&2; exit 1; }
make -s module LUA="$lua" >&2

. scripts/with_portal.sh
eval "$(make -s env LUA="$lua")"
B24_WEBHOOK=$(field webhook)
export B24_WEBHOOK
echo "b24: asking the mock portal over TLS, from $($lua -v 2>&1 | cut -d' ' -f1-2)" >&2
"$lua" scripts/demo.lua "$(field ca_file)"

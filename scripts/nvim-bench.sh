#!/bin/sh
# make nvim-bench: how long does Neovim stand still while b24 waits for an answer?
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build hosts
make -s module LUA=luajit
# shellcheck source=scripts/with_portal.sh
. scripts/with_portal.sh
B24_WEBHOOK=$(field http_webhook)
control=${B24_WEBHOOK%%/rest/*}/__portal
curl -sS -o "$dir/answer" -d '{"kind":"slow","delay":0.5,"method":"im.counters.get","times":10}' "$control/fault"
TLS_WEBHOOK=$(field webhook) TLS_CA_FILE=$dir/trusted.pem
for round in 1 2 3 4 5; do cat /etc/ssl/certs/ca-certificates.crt "$(field ca_file)" >"$TLS_CA_FILE$round"; done
export TLS_WEBHOOK TLS_CA_FILE
export B24_WEBHOOK B24_ALLOW_HTTP=1 B24_RUNTIME_DIR="$dir/runtime" XDG_CACHE_HOME="$dir" XDG_STATE_HOME="$dir"
export LUA_CPATH="$PWD/build/5.1/?.so;;"
mkdir -m 700 "$B24_RUNTIME_DIR"

# Where this user may: in a mount namespace whose only name server never answers. The portal's name is in the hosts file.
cat >"$dir/silent.lua" <<'LUA'
local socket = require("socket").udp()
assert(socket:setsockname("127.0.0.10", 53))
io.open(arg[1], "w"):close()
while true do socket:receive() end
LUA
luajit "$dir/silent.lua" "$dir/bound" 2>/dev/null &
silent=$!
trap 'kill $silent 2>/dev/null && wait $silent 2>/dev/null || true; stop_portal' EXIT
tries=0
until [ -e "$dir/bound" ] || ! kill -0 $silent 2>/dev/null || [ $tries -ge 100 ]; do tries=$((tries + 1)) && sleep 0.05; done
apart=
if [ -e "$dir/bound" ] && unshare -m true 2>/dev/null; then
  printf 'nameserver 127.0.0.10\noptions timeout:10 attempts:2\n' >"$dir/resolv.conf"
  apart="unshare -m" DEAD_NAMES=$dir/resolv.conf
  export DEAD_NAMES
fi
# shellcheck disable=SC2016
$apart sh -c '[ -z "${DEAD_NAMES:-}" ] || mount --bind "$DEAD_NAMES" /etc/resolv.conf
  exec nvim --clean --headless --cmd "set rtp+=$PWD" -c "luafile bench/nvim.lua"' </dev/null

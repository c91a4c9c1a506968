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
nvim --clean --headless --cmd "set rtp+=$PWD" -c "luafile bench/nvim.lua" </dev/null

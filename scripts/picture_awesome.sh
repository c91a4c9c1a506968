#!/bin/sh
# make picture-awesome: a real AwesomeWM in Xvfb with the widget of examples/awesome, after a click on it: picture_awesome.sh FILE
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build hosts
for program in awesome Xvfb import; do
  command -v $program >/dev/null 2>&1 || { echo "b24: $program is missing (Debian: awesome xvfb imagemagick)" >&2; exit 1; }
done
lua=lua$(awesome --version | sed -n 's/.*Lua \(5\.[0-9]\).*/\1/p')
. scripts/with_portal.sh
eval "$(make -s env LUA="$lua")"
export LUA_PATH="$PWD/examples/awesome/?.lua;$LUA_PATH" B24_SEEN="$dir/seen"
B24_WEBHOOK=$(field http_webhook)
export B24_WEBHOOK B24_ALLOW_HTTP=1 B24_RUNTIME_DIR="$dir/run" HOME="$dir"
mkfifo "$dir/display"
timeout 60 Xvfb -displayfd 3 -screen 0 520x190x24 3>"$dir/display" >/dev/null 2>&1 &
server=$!
read -r display <"$dir/display"
export DISPLAY=":$display"
timeout 60 awesome -c spec/support/awesome_rc.lua >"$dir/awesome.log" 2>&1 &
manager=$!
until grep -q Waiting "$dir/seen" 2>/dev/null; do
  kill -0 "$manager" 2>/dev/null || { cat "$dir/awesome.log" >&2; exit 1; }
  sleep 0.1
done
sleep 1 # until it is drawn
import -window root "$1"
kill "$manager" "$server"
echo "b24: $1"

# Sourced by scripts that need the mock portal: starts it on loopback with the folder $dir, stops it at the script's end.
# shellcheck shell=sh

dir=$(mktemp -d)
portal=""
stop_portal() {
  [ -z "$portal" ] || { kill "$portal" 2>/dev/null && wait "$portal" 2>/dev/null; } || true
  rm -rf "$dir"
}
trap stop_portal EXIT
trap 'exit 130' INT TERM

luajit lua/b24/mock/main.lua --dir "$dir" >&2 &
portal=$!
tries=0
until [ -f "$dir/portal.json" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 200 ] || ! kill -0 "$portal" 2>/dev/null; then
    echo "b24: the mock portal did not start" >&2
    exit 1
  fi
  sleep 0.05
done

# field NAME: a text of portal.json
field() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p' "$dir/portal.json" | sed 's/\\\//\//g'; }

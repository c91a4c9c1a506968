#!/bin/sh
# make valgrind: specs under valgrind on Lua 5.1 and 5.4; errors and definite leaks fail. VALGRIND_LUA="lua5.4" chooses.
# valgrind.sh [spec files]; without: the codec, and calls to the mock portal. (gate_spec.lua alone would take two minutes;
# the fuzzer and the sanitizers have the gate.)
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build proof

[ $# -gt 0 ] || set -- spec/lua/params_spec.lua spec/rest/errors_spec.lua spec/rest/machine_spec.lua spec/im/counters_spec.lua \
  spec/im/totals_spec.lua spec/c/valgrind_portal.lua
dir=$(mktemp -d)
pids=""
trap '[ -z "$pids" ] || kill $pids 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

# Children are not followed: the portal is LuaJIT's own affair.
run() {
  abi=$("$1" -e 'io.write(_VERSION:match("%d%.%d"))')
  lua=$1
  shift
  exec env LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;" LUA_CPATH="$PWD/build/$abi/?.so;;" LUA_INIT= \
    B24_RUNTIME_DIR="$dir/runtime-$lua" \
    valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --keep-debuginfo=yes \
    --log-file="$dir/$lua.log" "$lua" "$(command -v busted)" "$@" >"$dir/$lua.out" 2>&1
}

interpreters=${VALGRIND_LUA:-lua5.1 lua5.4}
for lua in $interpreters; do
  make -s spec-module LUA="$lua"
  run "$lua" "$@" &
  pids="$pids $!"
done

status=0
for lua in $interpreters; do
  pids=${pids# }
  verdict=clean
  wait "${pids%% *}" || { verdict=FAILED status=1; cat "$dir/$lua.out" "$dir/$lua.log"; }
  case $pids in *" "*) pids=${pids#* } ;; *) pids="" ;; esac
  echo "valgrind $lua: $verdict; $(sed 's/\x1b\[[0-9;]*m//g' "$dir/$lua.out" | grep -m 1 ' success')"
done
exit "$status"

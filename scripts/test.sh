#!/bin/sh
# Runs the specs on every Lua that is present: test.sh [spec files]. The last line totals all runs.
# B24_TEST_LUA="lua5.4" limits the interpreters, B24_TEST_JOBS=1 runs them one after the other (default: one for each
# processor), VARIANT=-asan takes another build, TEST_ENV sets variables for the runs.
set -u
cd "$(dirname "$0")/.."

# LuaRocks' command busted is a shell script, Debian's is Lua: neither is needed.
busted=spec/support/busted.lua
interpreters=""
for lua in ${B24_TEST_LUA:-$(scripts/luas.sh)}; do
  if why=$("$lua" -e 'require "busted.runner" require "socket" if not pcall(require, "cjson") then require "dkjson" end' 2>&1); then
    interpreters="$interpreters $lua"
  else
    echo "b24: $lua is not tested: $(echo "$why" | sed "s/.*\(module '[^']*' not found\).*/\1/;q")" >&2
  fi
done
jobs=${B24_TEST_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}
passed=0 failed=0 skipped=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# run LUA [spec files]: its output and status in $work
run() {
  lua=$1
  shift
  abi=$($lua -e 'io.write(_VERSION:match("%d%.%d"))')
  # Only where there is no lua-cjson: LUA_PATH is searched before any C module.
  fallback=$($lua -e 'io.write(pcall(require, "cjson") and "" or "spec/support/fallback/?.lua")')
  # shellcheck disable=SC2086
  env LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;${fallback:+$PWD/$fallback}" LUA_CPATH="$PWD/build/$abi${VARIANT:-}/?.so;;" \
    B24_RUNTIME_DIR="$work/runtime-$lua" LUA_INIT= ${TEST_ENV:-} "$lua" "$busted" "$@" >"$work/$lua.log" 2>&1
  echo $? >"$work/$lua.status"
}

# report LUA: prints the run and adds it to the totals
report() {
  echo "== $1"
  cat "$work/$1.log"
  status=$(cat "$work/$1.status" 2>/dev/null || echo "none")
  totals=$(sed 's/\x1b\[[0-9;]*m//g' "$work/$1.log" | sed -n 's/^\([0-9]*\) success[a-z]* \/ \([0-9]*\) failure[s]* \/ \([0-9]*\) error[s]* \/ \([0-9]*\) pending.*/\1 \2 \3 \4/p' | tail -1)
  set_totals() { p=${1:-0} f=${2:-0} e=${3:-0} s=${4:-0}; }
  # shellcheck disable=SC2086
  set_totals $totals
  passed=$((passed + p)) failed=$((failed + f + e)) skipped=$((skipped + s))
  # A run that ended badly without naming a failed spec (a crash, a sanitizer's report) is a failure too.
  if [ "$status" != 0 ] && [ $((f + e)) -eq 0 ] || [ -z "$totals" ]; then
    echo "b24: the run on $1 ended with status $status"
    failed=$((failed + 1))
  fi
}

# wait_one: until one of the runs under way is over, and reports it
wait_one() {
  while :; do
    for one in $running; do
      [ -e "$work/$one.status" ] || kill -0 "$(cat "$work/$one.pid")" 2>/dev/null && [ ! -e "$work/$one.status" ] && continue
      report "$one"
      running=$(echo "$running" | tr ' ' '\n' | grep -vx "$one" | tr '\n' ' ')
      return
    done
    sleep 0.2
  done
}

# First all builds, because two Luas may share one.
ready=""
for lua in $interpreters; do
  if make -s -j"$jobs" spec-module LUA="$lua" VARIANT="${VARIANT:-}"; then ready="$ready $lua"
  else failed=$((failed + 1)); fi
done

running=""
for lua in $ready; do
  # shellcheck disable=SC2086
  set -- "$@"
  while [ "$(echo "$running" | wc -w)" -ge "$jobs" ]; do wait_one; done
  run "$lua" "$@" &
  echo $! >"$work/$lua.pid"
  running="$running $lua"
done
while [ "$(echo "$running" | wc -w)" -gt 0 ]; do wait_one; done

if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"
else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

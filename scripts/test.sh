#!/bin/sh
# Runs the specs on every Lua that is present: test.sh [spec files]. The last line totals all runs.
# B24_TEST_LUA="lua5.4" limits the interpreters, VARIANT=-asan takes another build, TEST_ENV sets variables for the runs.
set -u
cd "$(dirname "$0")/.."

interpreters=${B24_TEST_LUA:-}
if [ -z "$interpreters" ]; then
  for lua in lua5.1 lua5.2 lua5.3 lua5.4 luajit; do
    command -v "$lua" >/dev/null 2>&1 && interpreters="$interpreters $lua"
  done
fi
busted=$(command -v busted) || { echo "b24: busted is missing; 'make deps' installs it" >&2; exit 1; }
passed=0 failed=0 skipped=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
log=$work/log

for lua in $interpreters; do
  echo "== $lua"
  if ! make -s spec-module LUA="$lua" VARIANT="${VARIANT:-}"; then
    failed=$((failed + 1))
    continue
  fi
  abi=$($lua -e 'io.write(_VERSION:match("%d%.%d"))')
  # shellcheck disable=SC2086
  env LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;" LUA_CPATH="$PWD/build/$abi${VARIANT:-}/?.so;;" \
    B24_RUNTIME_DIR="$work/runtime-$lua" LUA_INIT= ${TEST_ENV:-} "$lua" "$busted" "$@" >"$log" 2>&1
  status=$?
  cat "$log"
  totals=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | sed -n 's/^\([0-9]*\) success[a-z]* \/ \([0-9]*\) failure[s]* \/ \([0-9]*\) error[s]* \/ \([0-9]*\) pending.*/\1 \2 \3 \4/p' | tail -1)
  # shellcheck disable=SC2086
  set_totals() { p=${1:-0} f=${2:-0} e=${3:-0} s=${4:-0}; }
  # shellcheck disable=SC2086
  set_totals $totals
  passed=$((passed + p)) failed=$((failed + f + e)) skipped=$((skipped + s))
  # A run that ended badly without naming a failed spec (a crash, a sanitizer's report) is a failure too.
  if [ "$status" -ne 0 ] && [ $((f + e)) -eq 0 ] || [ -z "$totals" ]; then
    echo "b24: the run on $lua ended with status $status"
    failed=$((failed + 1))
  fi
done

if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"
else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

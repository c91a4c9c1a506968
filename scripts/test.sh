#!/bin/sh
# Runs the specs on every Lua that is present: test.sh [--without-sockets] [spec files or folders].
# Each file is a process of its own; several run side by side, and whoever is free takes the next one. A file that passes
# is one line of output, any other is shown whole. What failed is told once more at the end, before the line that totals
# all runs: who reads a log reads its last lines.
#
# A file with a line "-- One Lua of each kind: WHY" is not run on Lua 5.2 and 5.3 where 5.1 and 5.4 run too: what it is
# about does not depend on the Lua. B24_TEST_ALL=1 runs it there as well.
#
# B24_TEST_LUA="lua5.4" limits the interpreters, B24_TEST_JOBS=1 runs one file at a time (default: four for each processor,
# since most of them wait most of the time), VARIANT=-asan takes another build, TEST_ENV sets variables for the runs.
set -u
cd "$(dirname "$0")/.." || exit 1

CHILDREN_OF_A_HOST='support\.\(portal\|process\|command\|loops\|nginx\|nvim\)\|require *(*"socket'
# What a file takes of which nothing is known yet, in seconds; the long ones wait for portals and clocks.
DEFAULT_SECONDS=5
LONG_SECONDS=20
LONG='api/list_batch_spec api/live_loss_spec api/live_spec api/series_spec cli/install_spec cli/watch_live_spec cli/watch_spec
  curl/deadline_spec curl/faults_spec curl/oauth_spec lua/finaliser_spec lua/locale_spec nginx/openresty_page_spec
  nvim/plugin_spec os/limiter_spec readme_spec rest/retry_spec secret_live_spec secret_oauth_spec secret_proxy_spec'
TIMES=build/test-times${VARIANT:-}

# What the user has set must not reach the specs.
unset B24_WEBHOOK B24_WEBHOOK_URL B24_HOOK B24_PROFILE B24_ALLOW_HTTP B24_CA_FILE B24_PAGER B24_OAUTH_SERVER || true

without_sockets=""
if [ "${1:-}" = --without-sockets ]; then without_sockets=1; shift; fi
[ $# -gt 0 ] || set -- spec

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
processors=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
jobs=${B24_TEST_JOBS:-$((processors * 4))}
limit=${B24_TEST_LIMIT:-900} # seconds for one file: what hangs is a failure
passed=0 failed=0 skipped=0
work=$(mktemp -d) || exit 1

stop() {
  exec 9>&- # the portals' input ends, and they with it
  for file in "$work"/*.pid; do
    [ -e "$file" ] && kill "$(cat "$file")" 2>/dev/null
  done
  wait
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM
mkfifo "$work/ended" "$work/alive" && exec 8<>"$work/ended" 9<>"$work/alive" || exit 1

# ---- what to run

files() { # files ARGUMENTS...: one a line
  for argument in "$@"; do
    if [ -d "$argument" ]; then find "$argument" -name '*_spec.lua'; else echo "$argument"; fi
  done | sort -u | while read -r file; do
    if [ -z "$without_sockets" ] || ! grep -q "$CHILDREN_OF_A_HOST" "$file"; then echo "$file"; fi
  done
}

has() { # has WORD WORDS: one of them?
  case " $2 " in *" $1 "*) return 0 ;; esac
  return 1
}

one_of_each_kind() { # the files that leave out Lua 5.2 and 5.3
  [ -z "${B24_TEST_ALL:-}" ] && has lua5.1 "$interpreters" && has lua5.4 "$interpreters" || return 0
  xargs grep -l '^-- One Lua of each kind: ' /dev/null <"$work/files" 2>/dev/null
}

# First all builds, because two Luas may share one. What each needs to find its modules is in $work/paths-LUA.
ready=""
for lua in $interpreters; do
  if make -s -j"$processors" spec-module LUA="$lua" VARIANT="${VARIANT:-}"; then
    ready="$ready $lua"
    # Only where there is no lua-cjson: LUA_PATH is searched before any C module.
    "$lua" -e 'io.write(_VERSION:match("%d%.%d"), " ", pcall(require, "cjson") and "" or "spec/support/fallback/?.lua", "\n")' \
      >"$work/paths-$lua"
  else failed=$((failed + 1)); fi
done

files "$@" >"$work/files"
one_of_each_kind >"$work/once"
: >"$work/left_out"
touch "$TIMES"
awk -v luas="$ready" -v long="$LONG" -v usual="$DEFAULT_SECONDS" -v longer="$LONG_SECONDS" -v left_out="$work/left_out" '
  BEGIN {
    n = split(luas, lua, " ")
    for (i = split(long, names, " "); i > 0; i--) is_long["spec/" names[i] ".lua"] = 1
  }
  FILENAME == ARGV[1] { took[$1 " " $2] = $3; next }
  FILENAME == ARGV[2] { once[$0] = 1; next }
  { files[++count] = $0 }
  END {
    for (i = 1; i <= n; i++) for (j = 1; j <= count; j++) {
      file = files[j]; key = lua[i] " " file
      if (once[file] && (lua[i] == "lua5.2" || lua[i] == "lua5.3")) print file >left_out
      else print (key in took) ? took[key] : is_long[file] ? longer : usual, key
    }
  }' "$TIMES" "$work/once" "$work/files" | sort -rn -k1,1 -s >"$work/queue" # the longest first

# ---- what they share: certificates, one portal for each place in the queue, one installation for each Lua

portals="" prefixes="" # what the runs are told of
portal_environment="env -u LUA_PATH -u LUA_CPATH -u LUA_INIT -u LD_PRELOAD"
used() { cut -d' ' -f3 "$work/queue" | sort -u | xargs grep -l "$1" /dev/null 2>/dev/null | grep -q .; }
count=$(($(wc -l <"$work/queue"))) # without the blanks that macOS puts before it
[ "$count" -ge "$jobs" ] || jobs=$((count))

if used 'support\.\(portal\|command\)'; then
  mkdir "$work/certs" && $portal_environment luajit lua/b24/mock/main.lua --make-certs "$work/certs" || exit 1
  for place in $(seq "$jobs"); do
    mkdir -m 700 "$work/portal-$place"
    $portal_environment luajit lua/b24/mock/main.lua --watch-stdin --certs "$work/certs" --dir "$work/portal-$place" \
      <"$work/alive" 8>&- 9>&- 2>"$work/portal-$place/stderr" &
    echo $! >"$work/portal-$place.pid"
  done
  portals=yes
fi
if used 'support\.command'; then
  for lua in $ready; do
    make -s install LUA="$lua" VARIANT="${VARIANT:-}" PREFIX="$work/prefix-$lua" || exit 1
  done
  prefixes=yes
fi

# ---- the queue

# run PLACE NUMBER LUA FILE: in the background; says so when it is over
run() {
  read -r abi fallback <"$work/paths-$3"
  # shellcheck disable=SC2086
  env LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;${fallback:+$PWD/$fallback}" LUA_CPATH="$PWD/build/$abi${VARIANT:-}/?.so;;" \
    B24_RUNTIME_DIR="$work/runtime-$2" LUA_INIT= ${portals:+B24_TEST_CERTS=$work/certs B24_TEST_PORTAL=$work/portal-$1} \
    ${prefixes:+B24_TEST_PREFIX=$work/prefix-$3} ${TEST_ENV:-} \
    timeout -k 10 "$limit" "$3" "$busted" "$4" >"$work/$2.log" 2>&1 8>&- 9>&- &
  echo $! >"$work/$2.pid"
  wait $!
  echo $? >"$work/$2.status"
  rm -f "$work/$2.pid"
  echo "$1 $2" >&8
}

# How many lines it has that are not empty, and busted's totals, if they are there.
# shellcheck disable=SC2016
TOTALS='NF { n++ } /^[0-9]+ success[a-z]* \/ [0-9]+ failure/ { totals = $1 " " $4 " " $7 " " $10 } END { print n + 0, totals }'

# The first failures of a run, a few lines of each; of a run that named none, its last lines.
# shellcheck disable=SC2016
FAILURES='/^(Failure|Error) -> / { left = 8; named++ } named <= 3 && left-- > 0 && NF { print "    " $0 }
  { last[NR % 8] = $0 } END { if (!named) for (i = NR + 1; i <= NR + 8; i++) if (last[i % 8] != "") print "    " last[i % 8] }'

# failing NUMBER LUA FILE STATUS: kept for the end
failing() {
  {
    echo "  $2 $3, status $4:"
    sed 's/\x1b\[[0-9;]*m//g' "$work/$1.log" | awk "$FAILURES" | cut -c1-200
  } >>"$work/failures"
}

# report NUMBER LUA FILE SECONDS PLACE: prints the run and adds it to the totals
report() {
  read -r status <"$work/$1.status"
  sed 's/\x1b\[[0-9;]*m//g' "$work/$1.log" | awk "$TOTALS" >"$work/totals"
  read -r lines p f e s <"$work/totals"
  passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0} + ${e:-0})) skipped=$((skipped + ${s:-0}))
  complaint=""
  [ ! -s "$work/portal-$5/stderr" ] || complaint=$(cat "$work/portal-$5/stderr")
  # Dots, plus signs and totals are all that a clean run prints.
  if [ "$status" = 0 ] && [ "$f$e$s" = 000 ] && [ -z "$complaint" ] && [ "$lines" -le 2 ]; then
    echo "$2 $3: $p passed in $4 s"
  else
    echo "== $2 $3"
    cat "$work/$1.log"
    [ -z "$complaint" ] || { echo "$complaint"; : >"$work/portal-$5/stderr"; }
  fi
  # A run that ended badly without naming a failed spec (a crash, a sanitizer's report) is a failure too.
  if [ -z "$s" ] || { [ "$status" != 0 ] && [ $((f + e)) -eq 0 ]; }; then
    echo "b24: $3 on $2 ended with status $status"
    failed=$((failed + 1))
  fi
  [ "$status" = 0 ] && [ "${f:-0}${e:-0}" = 00 ] && [ -n "$s" ] || failing "$1" "$2" "$3" "$status"
  echo "$2 $3 $4" >>"$work/times"
}

# Half of the places take the longest file that is left, the others the shortest: those that wait beside those that compute.
first=1 last=$count running=0
begin() { # begin PLACE: one of the queue
  [ "$first" -le "$last" ] || return 0
  if [ $(($1 % 2)) = 1 ]; then number=$first first=$((first + 1)); else number=$last last=$((last - 1)); fi
  line=$(sed -n "${number}p" "$work/queue")
  echo "$line $(date +%s)" >"$work/$number.task"
  # shellcheck disable=SC2086
  set -- "$1" $line
  run "$1" "$number" "$3" "$4" &
  running=$((running + 1))
}

for place in $(seq "$jobs"); do begin "$place"; done
while [ "$running" -gt 0 ]; do
  read -r place ended <&8
  read -r _ lua file begun <"$work/$ended.task"
  running=$((running - 1))
  begin "$place"
  report "$ended" "$lua" "$file" $(($(date +%s) - begun)) "$place"
done

for file in "$work"/portal-*.pid; do
  [ -e "$file" ] || continue
  kill -0 "$(cat "$file")" 2>/dev/null || { echo "b24: a mock portal died"; failed=$((failed + 1)); }
done
# What is known of other files stays.
if [ -e "$work/times" ]; then
  awk '{ seconds[$1 " " $2] = $3 } END { for (key in seconds) print key, seconds[key] }' "$TIMES" "$work/times" \
    >"$TIMES.new" && mv "$TIMES.new" "$TIMES"
fi

if [ -s "$work/left_out" ]; then
  echo "Left out on Lua 5.2 and 5.3, not counted as skipped (run on one Lua of each kind; B24_TEST_ALL=1 runs all):"
  sort -u "$work/left_out" | tr '\n' ' ' | fold -s -w 120
  echo
fi
if [ -s "$work/failures" ]; then
  echo "What failed:"
  cat "$work/failures"
fi
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"
else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

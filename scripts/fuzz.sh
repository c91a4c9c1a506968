#!/bin/sh
# make fuzz: libFuzzer on what reads foreign bytes: replays spec/c/corpus, then runs each target. fuzz.sh [seconds]: for the
# reader of HTTP replies, and beside it for all others together.
# An input that fails is left in build/fuzz; put it into spec/c/corpus when it is fixed.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build proof
seconds=${1:-15}
share=$(((seconds + 7) / 8))
unset LUA_INIT LUA_PATH LUA_CPATH || true
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
mkdir -p build/fuzz
status=0

# Our sources are compiled once, for all targets.
flags="-std=c11 -g -O1 -fno-sanitize-recover=undefined -Isrc $(pkg-config --cflags lua5.4 libcurl libcjson)"
mkdir -p build/fuzz/obj
# shellcheck disable=SC2086
for file in src/*/*.c; do
  object=build/fuzz/obj/$(echo "${file%.c}" | tr / -).o
  # Older than its source, or than any header: anew.
  if [ -e "$object" ] && [ -z "$(find "$file" src -name "$(basename "$file")" -newer "$object" -o -name '*.h' -newer "$object")" ]; then
    continue
  fi
  echo "$file -o $object"
done | xargs -r -n 3 -P "$(getconf _NPROCESSORS_ONLN)" clang $flags -fsanitize=fuzzer-no-link,address,undefined -c

# shellcheck disable=SC2046,SC2086
compile() {
  clang $flags -fsanitize=fuzzer,address,undefined "spec/c/fuzz_$1.c" build/fuzz/obj/*.o -o "build/fuzz/$1" \
    $(pkg-config --libs lua5.4 libcurl libcjson) -lpthread -ldl -lm
}

# try TARGET SECONDS
try() {
  target=$1
  dict=spec/c/json.dict
  [ ! -e "spec/c/$target.dict" ] || dict=spec/c/$target.dict
  log=build/fuzz/$target.log
  mkdir -p "build/fuzz/$target.corpus"
  seeds=$(find "spec/c/corpus/$target" -type f | wc -l)
  # The first run executes each file as it is; the second also mutates, beginning with the kept findings of earlier runs.
  if "build/fuzz/$target" -runs=0 "spec/c/corpus/$target" >"$log" 2>&1 &&
    "build/fuzz/$target" -max_total_time="$2" -max_len=4096 -dict="$dict" -print_final_stats=1 \
      -artifact_prefix="build/fuzz/$target-" "build/fuzz/$target.corpus" "spec/c/corpus/$target" >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    echo "fuzz $target: $seeds seeds and $runs runs in $2 s without a fault, $edges edges covered"
  else
    cat "$log"
    echo "fuzz $target: FAILED"
    return 1
  fi
}

compile http
try http "$seconds" &
http=$!
trap 'kill $http 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
for target in decode reply text url counters inbox form live; do
  compile "$target"
  try "$target" "$share" || status=1
done
wait "$http" || status=1
trap - EXIT
exit "$status"

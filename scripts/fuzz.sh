#!/bin/sh
# make fuzz: libFuzzer on what reads foreign bytes: replays spec/c/corpus, then runs each target. fuzz.sh [seconds in all]
# An input that fails is left in build/fuzz; put it into spec/c/corpus when it is fixed.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build proof
seconds=${1:-15}
share=$(((seconds + 3) / 4))
unset LUA_INIT LUA_PATH LUA_CPATH || true
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
mkdir -p build/fuzz
status=0

# shellcheck disable=SC2046
compile() {
  clang -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
    -Isrc $(pkg-config --cflags lua5.4 libcurl libcjson) "spec/c/fuzz_$1.c" src/*.c -o "build/fuzz/$1" \
    $(pkg-config --libs lua5.4 libcurl libcjson) -lpthread -ldl -lm
}

for target in decode reply url http; do
  dict=spec/c/json.dict
  [ ! -e "spec/c/$target.dict" ] || dict=spec/c/$target.dict
  log=build/fuzz/$target.log
  compile "$target"
  mkdir -p "build/fuzz/$target.corpus"
  seeds=$(find "spec/c/corpus/$target" -type f | wc -l)
  # The first run executes each file as it is; the second also mutates, beginning with the kept findings of earlier runs.
  if "build/fuzz/$target" -runs=0 "spec/c/corpus/$target" >"$log" 2>&1 &&
    "build/fuzz/$target" -max_total_time="$share" -max_len=4096 -dict="$dict" -print_final_stats=1 \
      -artifact_prefix="build/fuzz/$target-" "build/fuzz/$target.corpus" "spec/c/corpus/$target" >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    echo "fuzz $target: $seeds seeds and $runs runs without a fault, $edges edges covered"
  else
    cat "$log"
    echo "fuzz $target: FAILED"
    status=1
  fi
done
exit "$status"

#!/bin/sh
# make oom: every allocation fails once, on Lua 5.1 and 5.4, under AddressSanitizer with leak detection. See spec/c/oom.c.
# oom.sh [NAME of one scenario]; OOM_LUA="5.4" limits the versions.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build

. scripts/with_portal.sh
webhook=$(field http_webhook)

# What the user has set must not reach the scenarios, and no other limiter's past.
unset B24_WEBHOOK B24_PROFILE B24_ALLOW_HTTP LUA_INIT LUA_PATH LUA_CPATH http_proxy https_proxy all_proxy || true
mkdir -m 700 "$dir/runtime"
export B24_RUNTIME_DIR="$dir/runtime" ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

flags="-std=c11 -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -Isrc"
versions=${OOM_LUA:-5.1 5.4}
for version in $versions; do
  out=build/oom/$version
  mkdir -p "$out"
  # shellcheck disable=SC2046
  printf '%s\n' spec/c/oom.c spec/c/oom_memory.c src/*.c | OUT=$out FLAGS="$flags $(pkg-config --cflags "lua$version" libcurl libcjson)" \
    xargs -P "$(nproc)" -n 1 sh -c 'gcc $FLAGS -c -o "$OUT/$(basename "$1" .c).o" "$1"' compile
  # shellcheck disable=SC2046
  gcc -fsanitize=address,undefined -o "$out/oom" "$out"/*.o $(pkg-config --libs "lua$version" libcurl libcjson) \
    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=curl_global_init -lpthread -ldl -lm
done

# Side by side, in processes of their own. The engine's scenarios, which take longest, on the last version only: what
# they are about is not Lua's.
pids=""
prove() { # prove VERSION SCENARIOS [NAME]
  "build/oom/$1/oom" "spec/c/$2.lua" "$webhook" ${3:+"$3"} >"$dir/$1.$2.log" 2>&1 &
  pids="$pids $!:$1.$2"
}
for version in $versions; do prove "$version" oom "$@"; done
prove "$version" oom_engine "$@"
status=0
for pid in $pids; do
  wait "${pid%%:*}" || status=1
  cat "$dir/${pid#*:}.log"
done
[ "$status" = 0 ] || echo "oom: FAILED" >&2
exit "$status"

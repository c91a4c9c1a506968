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
mkdir -p build/oom
status=0
for version in ${OOM_LUA:-5.1 5.4}; do
  # shellcheck disable=SC2046
  gcc -std=c11 -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined \
    -Isrc $(pkg-config --cflags "lua$version" libcurl libcjson) spec/c/oom.c spec/c/oom_memory.c src/*.c \
    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=curl_global_init -o "build/oom/$version" \
    $(pkg-config --libs "lua$version" libcurl libcjson) -lpthread -ldl -lm
  "build/oom/$version" spec/c/oom.lua "$webhook" ${1:+"$1"} || status=1
done
[ "$status" = 0 ] || echo "oom: FAILED" >&2
exit "$status"

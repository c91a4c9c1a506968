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
flags="$flags $(pkg-config --cflags libcurl libcjson)"
versions=${OOM_LUA:-5.1 5.4}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# compile FOLDER FLAGS: the C files on stdin, on all processors
compile() {
  mkdir -p "$1"
  # shellcheck disable=SC2016
  OUT=$1 FLAGS="$flags $2" xargs -P "$jobs" -n 1 \
    sh -c '${CC:-gcc} $FLAGS -c -o "$OUT/$(echo "${1%.c}" | tr / -).o" "$1"' compile
}
# What does not know Lua is the same for all versions.
rm -rf build/oom
ls src/*/*.c | grep -v '^src/lua/' | compile build/oom/common ""
for version in $versions; do
  out=build/oom/$version
  { echo spec/c/oom.c; echo spec/c/oom_memory.c; echo spec/c/oom_blocks.c; ls src/lua/*.c; } |
    compile "$out" "$(pkg-config --cflags "lua$version")"
  # shellcheck disable=SC2046
  gcc -fsanitize=address,undefined -o "$out/oom" "$out"/*.o build/oom/common/*.o \
    $(pkg-config --libs "lua$version" libcurl libcjson) \
    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=curl_global_init -lpthread -ldl -lm
done

# Each scenario is a process, as many side by side as there are processors; the longest first. The engine's on the last
# version only: what they are about is not Lua's.
names() { sed -n 's/^scenario("\([^"]*\)".*/\1/p' "spec/c/$1.lua"; }
list() { # list VERSION SCENARIOS [NAME]: "VERSION SCENARIOS NAME" lines
  if [ -n "${3:-}" ]; then names "$2" | grep -Fx -- "$3" || true; else names "$2"; fi | sed "s/^/$1 $2 /"
}
{
  list "$version" oom_engine "$@" | sort -r
  for version in $versions; do list "$version" oom "$@"; done
} >"$dir/queue"
[ -s "$dir/queue" ] || { echo "oom: no scenario '$*'" >&2; exit 2; }

# prove NUMBER WEBHOOK DIR
# shellcheck disable=SC2016
prove='read -r version list name <<END
$(sed -n "$1p" "$3/queue")
END
"build/oom/$version/oom" "spec/c/$list.lua" "$2" "$name" >"$3/$1.log" 2>&1 || echo "$1 $version $list $name" >>"$3/failed"'
seq "$(wc -l <"$dir/queue")" | xargs -P "$jobs" -I '{}' sh -c "$prove" prove '{}' "$webhook" "$dir"
for number in $(seq "$(wc -l <"$dir/queue")"); do cat "$dir/$number.log"; done
if [ -e "$dir/failed" ]; then # once more at the end, where people look
  while read -r number what; do
    echo "oom: FAILED: Lua $what" >&2
    cat "$dir/$number.log" >&2
  done <"$dir/failed"
  exit 1
fi

#!/bin/sh
# make lint: compilers' warnings, clang-tidy, cppcheck, format, luacheck, and the rules of the binary: one exported symbol
# per module, no liblua, no C file that knows both Lua and libcurl, no case-insensitive cJSON look-up.
set -u
cd "$(dirname "$0")/.."
scripts/deps.sh build lint || exit 1

marks=$(mktemp -d) || exit 1
trap 'rm -rf "$marks"' EXIT
report() { # report NAME: reads findings from stdin (and so runs in a subshell: a file remembers)
  findings=$(cat)
  if [ -n "$findings" ]; then
    printf '%s\n' "$findings"
    mktemp "$marks/XXXXXX" >/dev/null
    echo "lint: $1: FAILED"
  else
    echo "lint: $1: ok"
  fi
}

strict="-std=c11 -Isrc -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Werror"
each() { # each COMMAND...: once for each C file on standard input, on all processors
  xargs -P "$(nproc)" -n 1 "$@" 2>&1
}
# What does not know Lua is the same for all versions. (It does not: here are no headers of Lua.)
for cc in gcc clang; do
  # shellcheck disable=SC2086
  printf '%s\n' src/*/*.c | grep -v '^src/lua/' | each $cc $strict -O2 -c -o /dev/null | report "$cc, what does not know Lua"
done
for abi in 5.1 5.2 5.3 5.4 5.5; do
  [ -e "/usr/include/lua$abi/lua.h" ] || { echo "lint: Lua $abi: left out, its headers are not here"; continue; }
  for cc in gcc clang; do
    # shellcheck disable=SC2086
    printf '%s\n' src/lua/*.c | each $cc $strict -O2 -c -o /dev/null -I"/usr/include/lua$abi" | report "$cc, Lua $abi"
  done
done
printf '%s\n' src/*/*.c | each gcc -std=c11 -Isrc -fanalyzer -O1 -c -o /dev/null -I/usr/include/lua5.4 | report "gcc -fanalyzer"
printf '%s\n' src/*/*.c | xargs -P "$(nproc)" -n 4 sh -c \
  'clang-tidy --quiet "$@" -- -std=c11 -Isrc -I/usr/include/lua5.4 2>/dev/null' tidy | grep -E '(warning|error):' | report clang-tidy
# ctuuninitvar: does not see that an out parameter is only written through.
cppcheck --std=c11 --enable=warning,performance,portability --inline-suppr --quiet --suppress=missingIncludeSystem \
  --suppress=ctuuninitvar -Isrc src 2>&1 | report cppcheck
clang-format --dry-run src/*/*.[ch] $(find spec -name '*.c') 2>&1 | report clang-format
# Whose loop variables are constant.
if command -v lua5.5 >/dev/null 2>&1; then
  git ls-files '*.lua' | lua5.5 -e 'for name in io.lines() do print((select(2, loadfile(name))) or "") end' |
    grep . | report "loads in Lua 5.5"
else
  echo "lint: loads in Lua 5.5: left out, lua5.5 is not here"
fi
git grep -nE '^(<<<<<<<|>>>>>>>) ' -- . | report "no mark of a merge"
luacheck -q --no-color . 2>&1 | grep -vE '^Total: 0 |^ *$' | report luacheck

lua5.4 scripts/layers.lua 2>&1 | report "no include or require points upward"
for file in src/*/*.[ch]; do
  if grep -qE '#include *[<"](lua|lauxlib)' "$file" && grep -qE '#include *<curl/' "$file"; then echo "$file"; fi
done | report "no file with both lua.h and curl/curl.h"
grep -nE 'cJSON_GetObjectItem\(|cJSON_HasObjectItem\(|cJSON_InitHooks' src/*/*.c | report "no case-insensitive or process-wide cJSON call"
awk 'FNR == 1 { from = 0 } /^[a-zA-Z].*\) \{$|^(local )?function|^\{$/ { from = FNR }
  /^(\}|end)/ { if (from && FNR - from > 50) print FILENAME ":" from ": " FNR - from; from = 0 }' \
  src/*/*.[ch] $(find lua -name '*.lua') | report "no function over 50 lines"
wc -l src/*/*.[ch] $(find lua spec -name '*.lua') | awk '$1 > 400 && $2 != "total"' | report "no file over 400 lines"

awk 'length > 100 { print FILENAME ":" FNR ": " length }' src/*/*.[ch] | report "no line of C over 100 bytes"

make -s 2>&1 | report "the build is silent"
lua5.4 scripts/circles.lua 2>&1 | report "no two C files that need each other"
for module in build/5.?/b24/*.so; do
  name=$(basename "$module" .so)
  nm -D --defined-only "$module" | awk '{print $3}' | grep -vx "luaopen_b24_$name"
  readelf -d "$module" | grep -E 'NEEDED.*lua'
done | report "one exported symbol, no liblua"
readelf -d build/5.?/b24/codec.so | grep -E 'NEEDED.*curl' | report "codec without libcurl"

bad=$(find "$marks" -type f | wc -l)
if [ "$bad" -gt 0 ]; then
  echo "lint: $bad checks failed"
  exit 1
fi
echo "lint: all ok"

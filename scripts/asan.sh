#!/bin/sh
# make asan: the whole suite with AddressSanitizer and UndefinedBehaviorSanitizer, leaks included: asan.sh [spec files]
# The interpreter is the ordinary one; the sanitizers are in our modules. ASAN_LUA="lua5.4 lua5.1" chooses. Not LuaJIT: it
# keeps Lua's memory in an arena of its own, where ASan sees nothing.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build

interpreters=${ASAN_LUA:-lua5.4}
runtime=$(gcc -print-file-name=libasan.so)
[ -e "$runtime" ] || { echo "b24: gcc's libasan is missing" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

# make reads these; test.sh runs make. The module must not be unloaded, or leaks have no names: the Makefile sees to that.
CC=gcc
CFLAGS="-O1 -g -fno-omit-frame-pointer"
SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
export CC CFLAGS SAN

# Reports go to files named after the program: the children of a spec may swallow what is written, and other people's
# programs (mktemp) leak.
mkdir "$dir/bin" "$dir/reports"
common=log_exe_name=1:log_path=$dir/reports/report
# A wrapper for each interpreter, because a spec may start another with an empty environment. Named by exec -a, so that
# the other one goes through here too.
for lua in $interpreters; do
  cat >"$dir/bin/$lua" <<END
#!/bin/bash
export LD_PRELOAD="$runtime \$B24_TEST_PRELOAD" ASAN_OPTIONS=detect_leaks=1:$common UBSAN_OPTIONS=print_stacktrace=1:$common
export LSAN_OPTIONS=suppressions=$PWD/spec/c/lsan.supp:print_suppressions=0
exec -a "\$0" $(command -v "$lua") "\$@"
END
  chmod +x "$dir/bin/$lua"
done
# Other programs must not get the runtime: curl then hangs in its resolver's thread.
for program in curl luajit openssl cc gcc; do
  real=$(command -v "$program") || continue
  printf '#!/bin/sh\nunset LD_PRELOAD\nexec %s "$@"\n' "$real" >"$dir/bin/$program"
  chmod +x "$dir/bin/$program"
done

status=0
PATH="$dir/bin:$PATH" B24_TEST_LUA="$interpreters" VARIANT=-asan scripts/test.sh "$@" || status=1

count=0
for report in "$dir"/reports/report.lua*; do
  [ -e "$report" ] || continue
  count=$((count + 1))
  cat "$report"
done
echo "asan: $interpreters: the suite ended with status $status, $count sanitizer reports"
[ "$status" = 0 ] && [ "$count" = 0 ]

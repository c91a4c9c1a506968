#!/bin/sh
# make tsan: ThreadSanitizer over what threads share: the limiter, and engines under random use. Beside it the engine's
# timers against a plain list, under AddressSanitizer.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build proof
out=build/tsan
mkdir -p "$out"

compile() { # compile SANITIZER NAME FILES...
  sanitizer=$1 name=$2
  shift 2
  clang -std=c11 -g -O1 -fsanitize="$sanitizer" -fno-sanitize-recover=undefined -Wall -Wextra -Wpedantic -Wconversion \
    -Werror -Isrc -o "$out/$name" "$@"
}

# The sources that do not know Lua.
sources=$(ls src/*/*.c | grep -v '^src/lua/')
compile thread limiter_threads spec/c/limiter_threads.c src/rest/limiter.c src/os/limiter_file.c \
  src/os/runtime_dir.c src/os/standard.c \
  src/base/clock.c src/base/process.c src/base/fault.c src/base/text.c src/json/check.c src/base/buffer.c -lpthread
# shellcheck disable=SC2046,SC2086
compile thread engine_threads spec/c/engine_threads.c spec/c/engine_server.c $sources \
  $(pkg-config --cflags --libs libcurl libcjson) -lpthread
compile address,undefined timers_check spec/c/timers_check.c src/curl/timers.c

export TSAN_OPTIONS=halt_on_error=1:suppressions=$PWD/spec/c/tsan.supp
"$out/limiter_threads" 8 3000
echo "tsan: no report from 8 threads that took 24000 places in one queue, then 1200 in the portal's by different confs"

"$out/engine_threads" 4 30 1
"$out/engine_threads" 1 30 2
# Nobody joins a thread at exit.
ends=0
export TSAN_OPTIONS=$TSAN_OPTIONS:report_thread_leaks=0:atexit_sleep_ms=300
while [ "$ends" -lt 10 ]; do
  ends=$((ends + 1))
  timeout 10 "$out/engine_threads" exit 3 "$ends"
done
echo "tsan: no report from engines used as above, nor from $ends processes that ended by exit() with 3 of them at work"

"$out/timers_check" 500000

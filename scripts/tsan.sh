#!/bin/sh
# make tsan: ThreadSanitizer over the C functions that threads and processes share.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build proof
out=build/tsan
mkdir -p "$out"
clang -std=c11 -g -O1 -fsanitize=thread -Wall -Wextra -Isrc -o "$out/limiter_threads" spec/c/limiter_threads.c \
  src/limiter.c src/limiter_file.c src/runtime_dir.c src/fault.c src/gate.c src/buffer.c -lpthread
TSAN_OPTIONS=halt_on_error=1 "$out/limiter_threads" 8 3000
echo "tsan: no report from 8 threads that took 24000 places in one queue, each once"

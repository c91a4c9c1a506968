#!/bin/sh
# make coverage: which lines and branches of src/ the suite on Lua 5.4 reaches. COVERAGE_MIN=90 fails below 90 % of lines.
# Branches that only a failing allocation takes are make oom's business and count as not reached here.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build proof

# make reads these; test.sh runs make. Old counts would be added to the new ones.
CC=gcc CFLAGS="-O0 -g" SAN=--coverage
export CC CFLAGS SAN
find build/5.4-coverage build/obj-coverage -name '*.gcda' -delete 2>/dev/null || true

status=0
B24_TEST_LUA=lua5.4 VARIANT=-coverage scripts/test.sh "$@" || status=1
# b24_posix.so is the specs' own.
gcovr -r . --object-directory build --filter src/ --txt build/coverage.txt \
  --fail-under-line "${COVERAGE_MIN:-0}" build/5.4-coverage/obj build/obj-coverage || status=1
gcovr -r . --object-directory build --filter src/ --branches --txt build/coverage-branches.txt \
  build/5.4-coverage/obj build/obj-coverage || status=1
cat build/coverage.txt
echo "coverage: lines $(awk '$1 == "TOTAL" { print $4 " (" $3 " of " $2 ")" }' build/coverage.txt)," \
  "branches $(awk '$1 == "TOTAL" { print $4 " (" $3 " of " $2 ")" }' build/coverage-branches.txt)"
exit "$status"

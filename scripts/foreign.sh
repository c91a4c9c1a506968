#!/bin/sh
# make foreign: clients of Bitrix24 that we did not write, unchanged, against the mock portal: is it
# one? Each file of specs in spec/foreign gets a portal of its own. npm puts the clients into
# build/foreign, pinned by a lock file.
set -eu
cd "$(dirname "$0")/.."

why=$(scripts/foreign_clients.sh) || {
  echo "b24: make foreign is skipped: $why"
  exit 0
}
here=build/foreign
cp spec/foreign/*.mjs "$here/" # beside the modules, where node looks for them

# run NAME: in a subshell, because the portal ends with it
run() (
  # shellcheck disable=SC1091
  . scripts/with_portal.sh
  # shellcheck disable=SC2154
  B24_PORTAL=$dir NODE_EXTRA_CA_CERTS=$dir/ca.pem NODE_OPTIONS=--dns-result-order=ipv4first \
    timeout -k 5 120 node --test-reporter=spec "$here/$1.mjs"
)

failed=0
for file in spec/foreign/*.mjs; do
  name=$(basename "$file" .mjs)
  [ "$name" = portal ] || { echo "== $name" && run "$name"; } || failed=$((failed + 1))
done
[ "$failed" = 0 ] && exit
echo "b24: make foreign: $failed clients do not get on with the mock portal"
exit 1

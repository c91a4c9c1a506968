#!/bin/sh
# make foreign: clients of Bitrix24 that we did not write, unchanged, against the mock portal: is it
# one? Each file of specs in spec/foreign gets a portal of its own. npm puts the clients into
# build/foreign, pinned by a lock file.
set -eu
cd "$(dirname "$0")/.."

OLDEST_NODE=18

skip() {
  echo "b24: make foreign is skipped: $*"
  exit 0
}
command -v node >/dev/null 2>&1 || skip "there is no node (Debian: apt-get install nodejs npm)"
command -v npm >/dev/null 2>&1 || skip "there is no npm (Debian: apt-get install npm)"
version=$(node -p 'process.versions.node')
[ "${version%%.*}" -ge "$OLDEST_NODE" ] || skip "node is $version, the clients need $OLDEST_NODE"

here=build/foreign
mkdir -p "$here"
if ! cmp -s spec/foreign/package-lock.json "$here/installed"; then
  rm -f "$here/installed"
  cp spec/foreign/package.json spec/foreign/package-lock.json spec/foreign/.npmrc "$here/"
  (cd "$here" && npm ci --silent)
  cp spec/foreign/package-lock.json "$here/installed"
fi
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

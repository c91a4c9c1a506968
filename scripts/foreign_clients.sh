#!/bin/sh
# Puts the clients of Bitrix24 from npm that we did not write into build/foreign, pinned by a lock
# file. When that cannot be, it says why and ends with 1.
set -eu
cd "$(dirname "$0")/.."

OLDEST_NODE=18

cannot() {
  echo "$*"
  exit 1
}
command -v node >/dev/null 2>&1 || cannot "there is no node (Debian: apt-get install nodejs npm)"
command -v npm >/dev/null 2>&1 || cannot "there is no npm (Debian: apt-get install npm)"
version=$(node -p 'process.versions.node')
[ "${version%%.*}" -ge "$OLDEST_NODE" ] || cannot "node is $version, the clients need $OLDEST_NODE"

here=build/foreign
mkdir -p "$here"
cmp -s spec/foreign/package-lock.json "$here/installed" && exit
rm -f "$here/installed"
cp spec/foreign/package.json spec/foreign/package-lock.json spec/foreign/.npmrc "$here/"
(cd "$here" && timeout 120 npm ci --silent) >&2 || cannot "npm could not install them"
cp spec/foreign/package-lock.json "$here/installed"

#!/bin/sh
# make rock: what LuaRocks users do. lint; `luarocks make` and `luarocks install` of a packed src.rock for 5.1, 5.3, 5.4;
# then require from another folder. Offline: --deps-mode=none.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rockspec=b24-scm-0.rockspec

luarocks lint "$rockspec"
# A clean copy: luarocks make leaves objects in the tree it builds.
mkdir "$work/b24"
git ls-files -z --cached --others --exclude-standard | tar -cf - --null -T - | tar -xf - -C "$work/b24"
tar -czf "$work/b24.tar.gz" -C "$work" b24
sed "s#url = \"[^\"]*\"#url = \"file://$work/b24.tar.gz\", dir = \"b24\"#" "$rockspec" >"$work/$rockspec"
(cd "$work" && luarocks --lua-version=5.4 pack "$rockspec" >/dev/null)

try() { # try VERSION TREE INTERPRETER
  (
    cd /
    eval "$(luarocks --lua-version="$1" path --tree="$2")"
    "$3" -e 'local b24 = require "b24"
      assert(type(b24.counters) == "function" and require "b24.core".counters)
      local value, err, info = b24.counters "https://localhost:1/rest/1/abcdefgh/"
      assert(value == nil and info.kind == "network", err)'
    # the command as LuaRocks wraps it; its argparse is the system's
    case $("$2/bin/b24" --version) in b24\ [0-9]*) ;; *) echo "rock: $2/bin/b24 does not run"; exit 1 ;; esac
  )
  echo "rock: $3 requires and calls b24 from $2, where the command b24 runs"
}
for version in 5.1 5.3 5.4; do
  # One version with LuaRocks' own flags, the others without -O2: it is most of the time, and says nothing of an installation.
  flags="-O0 -fPIC"
  [ $version != 5.4 ] || flags=$(luarocks --lua-version=5.4 config variables.CFLAGS)
  (cd "$work/b24" && luarocks --lua-version=$version make --tree="$work/make-$version" --deps-mode=none "$rockspec" CFLAGS="$flags" \
    >"$work/log" 2>&1) || { cat "$work/log"; exit 1; }
  try $version "$work/make-$version" lua$version
  luarocks --lua-version=$version install --tree="$work/install-$version" --deps-mode=none "$work"/b24-scm-0.src.rock CFLAGS="$flags" \
    >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  try $version "$work/install-$version" lua$version
  # wrong-ABI leftovers must not be picked up by the next version
  rm -rf "$work/b24/b24" "$work"/b24/src/*/*.o
done
try 5.1 "$work/make-5.1" luajit
echo "rock: 7 installs tried"

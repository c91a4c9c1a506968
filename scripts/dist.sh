#!/bin/sh
# make dist: the release as others take it, in build/dist: b24-VERSION.tar.gz, its rockspec, and both as a source rock.
# The version is the one of src/base/common.h, times are those of the last commit: two runs give the same bytes.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh dist

version=$(sed -n 's/^#define B24_VERSION "\(.*\)"$/\1/p' src/base/common.h)
name=b24-$version rockspec=b24-$version-1.rockspec
out=build/dist
[ -e "$rockspec" ] || { echo "b24: there is no $rockspec; run 'make docs'" >&2; exit 1; }
[ -z "$(git status --porcelain)" ] || echo "b24: what is not committed is not in it" >&2

rm -rf "$out"
mkdir -p "$out"
git archive --format=tar --prefix="$name/" HEAD | gzip -9n >"$out/$name.tar.gz"
cp "$rockspec" "$out/"
# The recipes of others, which name the tarball's sum.
word() { sed -n "s|^$1 *:= *||p" Makefile; }
repository=$(word REPOSITORY)
tarball=${repository:+$repository/releases/download/v$version/}$name.tar.gz
for recipe in packaging/*/*.in; do
  case $recipe in packaging/debian/*) continue ;; esac
  to=$out/$(basename "${recipe%.in}")
  sed -e "s|@VERSION@|$version|g" -e "s|@REPOSITORY@|$repository|" -e "s|@TARBALL@|$tarball|" \
    -e "s|@MAINTAINER@|$(word MAINTAINER)|" -e "s|@SHA256@|$(sha256sum "$out/$name.tar.gz" | cut -d' ' -f1)|" \
    -e "s|@SHA512@|$(sha512sum "$out/$name.tar.gz" | cut -d' ' -f1)|" "$recipe" >"$to"
done
TZ=UTC touch -d "$(git log -1 --format=%cI)" "$out"/*
(cd "$out" && TZ=UTC zip -qX "b24-$version-1.src.rock" "$rockspec" "$name.tar.gz")
(cd "$out" && sha256sum -- *)

#!/bin/sh
# make deb: the Debian packages lua-b24, b24 and neovim-b24, made of the last commit in build/deb. lintian's errors are ours.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build deb
scripts/dist.sh >/dev/null

version=$(sed -n 's/^#define B24_VERSION "\(.*\)"$/\1/p' src/base/common.h)
maintainer=$(sed -n 's/^MAINTAINER *:= *//p' Makefile)
repository=$(sed -n 's/^REPOSITORY *:= *//p' Makefile)
out=$PWD/build/deb
rm -rf "$out"
mkdir -p "$out"
cp "build/dist/b24-$version.tar.gz" "$out/b24_$version.orig.tar.gz"
tar -C "$out" -xzf "build/dist/b24-$version.tar.gz"
cd "$out/b24-$version"
cp -r packaging/debian debian

fill() { # fill FILE: the words that a fork sets
  sed -i "s|@MAINTAINER@|$maintainer|; s|@VERSION@|$version|; s|@DATE@|$date|; s|@REPOSITORY@|$repository|" "$1"
}
date=$(git -C ../../.. log -1 --format=%cD)
mv debian/changelog.in debian/changelog
fill debian/changelog
fill debian/control
[ -n "$repository" ] || sed -i '/^Homepage:/d' debian/control

SOURCE_DATE_EPOCH=$(git -C ../../.. log -1 --format=%ct) DEB_BUILD_OPTIONS=parallel=2 \
  dpkg-buildpackage -us -uc -b >../build.log 2>&1 || { tail -n 30 ../build.log | cut -c1-300 >&2; exit 1; }
cd ..
# shellcheck disable=SC2016 # dpkg's words
for package in *.deb; do echo "$package: $(dpkg-deb --show --showformat='${Installed-Size} KiB installed, needs ${Depends}' "$package")"; done
# Who answers for the packages is for a fork to say: until then there is no mail address.
suppress=""
case $maintainer in *@localhost*)
  suppress="--suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog"
  echo "deb: lintian does not look at the maintainer's mail address: set MAINTAINER in the Makefile"
  ;;
esac
# shellcheck disable=SC2086
lintian --fail-on error --no-tag-display-limit $suppress -- *.changes
echo "deb: lintian found no error"

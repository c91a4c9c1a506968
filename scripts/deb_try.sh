#!/bin/sh
# make deb-try RELEASE=trixie: installs the packages of build/deb in a clean chroot of that Debian, runs them against a mock
# portal there, and purges them: nothing may be left. Root, debootstrap; the chroot is removed at the end.
set -eu
cd "$(dirname "$0")/.."
release=${RELEASE:-trixie}
ls build/deb/*.deb >/dev/null 2>&1 || { echo "b24: no packages in build/deb; run 'make deb'" >&2; exit 1; }
scripts/deps.sh debian
root=$(mktemp -d)
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT
eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy 2>/dev/null || true)"
export http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}"
# shellcheck disable=SC2016
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
  sed -n 's/ Debian Debian$//p' | head -n 1)}
# shellcheck disable=SC2086
debootstrap --variant=minbase "$release" "$root" $mirror >"$root.log" 2>&1 || { tail -n 20 "$root.log"; exit 1; }
rm -f "$root.log"
apt-config dump | grep -E '^Acquire::((http|https)::(Proxy|Timeout|Pipeline)|Check-|Retries|ForceIPv)' |
  grep -v Auto-Detect >"$root/etc/apt/apt.conf.d/90host" || true
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
echo "127.0.0.1 localhost" >"$root/etc/hosts"
mount -t proc proc "$root/proc"
mkdir "$root/debs"
cp build/deb/*.deb "$root/debs/"
rm -f "$root"/debs/*dbgsym*
cat >"$root/try.sh" <<'TRY'
set -eu
export DEBIAN_FRONTEND=noninteractive HOME=/root
apt-get -qq update
apt-get -qq install -y --no-install-recommends /debs/*.deb lua-http openssl luajit >/tmp/apt.log 2>&1 || { tail -20 /tmp/apt.log; exit 1; }
files() { find /usr /etc -xdev ! -path '/usr/share/doc/*' -name '*b24*' | sort; }
b24 --version
b24 portal --port 8024 >/tmp/portal.out 2>&1 &
portal=$!
until grep -q rest/1/ /tmp/portal.out; do
  kill -0 "$portal" 2>/dev/null || { cat /tmp/portal.out; exit 1; }
  sleep 0.2
done
B24_WEBHOOK=$(grep -oE 'http://[^ ]*/rest/1/[^ ]*/' /tmp/portal.out | head -n 1)
export B24_WEBHOOK B24_ALLOW_HTTP=1
b24 | head -n 1
for lua in lua5.4 luajit; do
  "$lua" -e 'local b24 = require "b24" print(_VERSION, b24.badge(assert(b24.counters())))'
done
nvim --headless '+lua print(require("b24.nvim").status().badge ~= nil and "Neovim has b24")' '+help b24' '+echo expand("%:t")' +qa 2>&1
echo
kill "$portal"
man -w b24 >/dev/null 2>&1 || ls /usr/share/man/man1/b24.1.gz >/dev/null 2>&1 || echo "no manual (minbase leaves manuals out)"
apt-get -qq purge -y lua-b24 b24 neovim-b24 >/tmp/apt.log 2>&1
left=$(files)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
echo "purged, nothing left"
TRY
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh /try.sh
echo "deb: works in a clean Debian $release"

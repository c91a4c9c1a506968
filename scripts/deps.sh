#!/bin/sh
# Installs what is missing: deps.sh GROUP...   Groups: build lint proof bench nginx hosts picture.
# Debian and its children, as root or with sudo; elsewhere it prints the names and stops.
set -eu

packages() {
  case $1 in
    build)
      echo gcc libc6-dev make pkg-config libcurl4-openssl-dev libcjson-dev ca-certificates openssl curl
      echo lua5.1 liblua5.1-0-dev lua5.2 liblua5.2-dev lua5.3 liblua5.3-dev lua5.4 liblua5.4-dev
      # nginx's Lua module wants luajit2, which conflicts with luajit: leave whichever is there.
      command -v luajit >/dev/null 2>&1 || echo luajit2
      echo lua-busted lua-socket lua-cjson lua-http lua-argparse luarocks
      echo lua-luv lua-cqueues lua-lgi gir1.2-glib-2.0 locales
      ;;
    lint) echo clang clang-tidy clang-format cppcheck lua-check binutils ;;
    proof) echo clang libclang-rt-dev valgrind gcovr ;;
    bench) echo valgrind lua-sec libssl-dev lua-curl wrk ;;
    hosts) echo neovim tmux zsh fish prometheus ;;
    nginx) echo nginx libnginx-mod-http-lua procps ;;
    picture) echo chromium fonts-dejavu-core ;;
    *) echo "deps.sh: no group '$1'" >&2; exit 2 ;;
  esac
}

wanted=$(for group in "$@"; do packages "$group"; done | tr ' ' '\n' | sort -u)

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
  for tool in cc pkg-config luajit busted; do
    command -v "$tool" >/dev/null 2>&1 && continue
    echo "b24: this is not Debian; install the equivalents of:" $wanted >&2
    exit 1
  done
  exit 0
fi

missing=""
for package in $wanted; do
  case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
    installed) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null 2>&1; then as_root=sudo
else
  echo "b24: not root and no sudo; ask an administrator for: apt-get install$missing" >&2
  exit 1
fi
echo "b24: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq >&2 || echo "b24: apt-get update failed; trying with the lists that are here" >&2

# Servers are for the specs, which start them themselves: as services they would take ports.
policy=/usr/sbin/policy-rc.d
case $missing in
  *nginx*|*prometheus*)
    if [ ! -e $policy ]; then
      trap '$as_root rm -f $policy' EXIT
      printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
      $as_root chmod 755 $policy
    fi
    ;;
esac
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove $missing >&2

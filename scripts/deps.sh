#!/bin/sh
# Installs what is missing: deps.sh GROUP...   Groups: build lint proof bench nginx hosts picture debian dist deb foreign.
# Debian and its children, as root or with sudo; elsewhere it says what is missing and what it is called there.
set -eu
cd "$(dirname "$0")/.."
say() { echo "b24: $*" >&2; }

# A word for each thing: its names from release to release, the first one preferred; whichever is installed will do.
# "?" at the end: useful, but its group works without it.
things() {
  case $1 in
    build)
      echo 'gcc libc6-dev make pkg-config|pkgconf libcurl4-openssl-dev|libcurl4-gnutls-dev|libcurl4-nss-dev'
      echo 'libcjson-dev ca-certificates openssl curl'
      for lua in 5.4 5.3 5.2 5.1 5.5; do echo "lua$lua? liblua$lua-dev|liblua$lua-0-dev?"; done
      # The mock portal runs on it. nginx's Lua module wants luajit2 where there is one.
      command -v luajit >/dev/null 2>&1 || echo 'luajit2|luajit'
      echo 'lua-busted lua-socket lua-cjson lua-http lua-argparse luarocks?'
      echo 'lua-luv? lua-cqueues lua-lgi? gir1.2-glib-2.0? locales?'
      ;;
    lint) echo 'clang clang-tidy clang-format cppcheck lua-check|luacheck binutils' ;;
    # Before Debian 12 its runtime came with clang.
    proof) echo 'clang libclang-rt-dev? valgrind gcovr' ;;
    bench) echo 'valgrind lua-sec libssl-dev lua-curl wrk' ;;
    hosts)
      echo 'neovim tmux? zsh? fish? prometheus? dbus? php-cli? php-curl? python3?'
      echo 'awesome? xvfb? i3blocks? systemd?'
      command -v node >/dev/null 2>&1 || echo 'nodejs?'
      ;;
    nginx) echo 'nginx libnginx-mod-http-lua procps' ;;
    picture) echo 'chromium|chromium-browser fonts-dejavu-core' ;;
    debian) echo 'debootstrap util-linux git' ;;
    dist) echo 'git zip' ;;
    deb) echo 'git zip debhelper dpkg-dev lintian fakeroot? lua5.1 lua5.2 lua5.3 lua5.4 liblua5.1-0-dev liblua5.2-dev liblua5.3-dev liblua5.4-dev' ;;
    # Other packages of node bring npm with them, and Debian's does not go with those.
    foreign) command -v npm >/dev/null 2>&1 || echo 'nodejs? npm?' ;;
    *) say "deps.sh: no group '$1'"; exit 2 ;;
  esac
}

# ---- elsewhere

missing_programs() {
  for program in "$@"; do
    command -v "$program" >/dev/null 2>&1 || echo "$program"
  done
}
missing_header() { # FILE PKG-CONFIG-NAME
  # shellcheck disable=SC2046
  printf '#include <%s>\n' "$1" | ${CC:-cc} $(pkg-config --cflags "$2" 2>/dev/null) -E - >/dev/null 2>&1 || echo "$1"
}
missing_elsewhere() {
  case $1 in
    build)
      missing_programs "${CC:-cc}" make pkg-config openssl curl luajit
      missing_header curl/curl.h libcurl
      missing_header cjson/cJSON.h libcjson
      for module in busted socket cjson http.server cqueues argparse; do
        luajit -e "require '$module'" >/dev/null 2>&1 || echo "LuaJIT's module $module"
      done
      ;;
    lint) missing_programs clang clang-tidy clang-format cppcheck luacheck nm readelf ;;
    proof) missing_programs clang valgrind gcovr ;;
    bench) missing_programs valgrind wrk ;;
    hosts) missing_programs nvim ;;
    nginx) missing_programs nginx ;;
    picture) missing_programs chromium ;;
    debian) missing_programs debootstrap unshare git ;;
    dist) missing_programs git zip ;;
    deb) missing_programs dpkg-buildpackage dh lintian zip ;;
    foreign) missing_programs node npm ;;
    *) say "deps.sh: no group '$1'"; exit 2 ;;
  esac
}

rocks='busted luasocket lua-cjson cqueues http argparse luv'
family() {
  if [ "$(uname -s)" = Darwin ]; then echo macos; return; fi
  # shellcheck disable=SC1091
  like=$([ ! -r /etc/os-release ] || (. /etc/os-release && echo " ${ID:-} ${ID_LIKE:-} "))
  case $like in
    *" fedora "* | *" rhel "*) echo fedora ;;
    *" alpine "*) echo alpine ;;
    *" arch "*) echo arch ;;
    *) echo other ;;
  esac
}
advise() {
  case $(family) in
    fedora) say 'dnf install gcc make cmake pkgconf-pkg-config libcurl-devel cjson-devel openssl openssl-devel m4 curl' \
      'unzip lua lua-devel luajit luajit-devel luarocks' ;;
    alpine) say 'apk add build-base linux-headers cmake coreutils findutils pkgconf curl curl-dev cjson-dev openssl' \
      'openssl-dev m4 lua5.4 lua5.4-dev lua5.1 lua5.1-dev luajit luajit-dev luarocks5.1 luarocks5.4' ;;
    arch) say 'pacman -S base-devel cmake pkgconf curl cjson openssl unzip lua luajit luarocks' ;;
    macos) say 'xcode-select --install; brew install pkgconf curl cjson openssl@3 m4 cmake coreutils lua@5.4 luajit luarocks' ;;
    other) say "install the equivalents of Debian's:" "$(for group in "$@"; do things "$group"; done |
      tr ' ' '\n' | sed 's/[|?].*//' | sort -u | tr '\n' ' ')" ;;
  esac
  say "and for LuaJIT (5.1) and each other Lua that is to be tested, 'luarocks --lua-version=5.1 install' of: $rocks"
}

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
  missing=$(for group in "$@"; do missing_elsewhere "$group"; done | sort -u)
  [ -n "$missing" ] || exit 0
  say "this is not Debian, where 'make deps' installs by itself; missing here:" \
    "$(echo "$missing" | tr '\n' ',' | sed 's/,$//; s/,/, /g')"
  advise "$@"
  exit 1
fi

# ---- Debian

lacking() {
  # shellcheck disable=SC2016,SC2046
  installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' $(echo "$*" | tr '|?' '  ') 2>/dev/null || true) "
  for thing in "$@"; do
    found=""
    for name in $(echo "${thing%\?}" | tr '|' ' '); do
      case $installed in *" installed=$name "*) found=1 ;; esac
    done
    [ -n "$found" ] || echo "$thing"
  done
}

# choose THING...: sets $choice (packages to install), $needed (which of them there is no doing without), and what the
# release does not have: $left_out (goes without) and $unknown
choose() {
  choice="" needed="" left_out="" unknown=""
  # shellcheck disable=SC2046
  candidates=" $(apt-cache policy make $(echo "$*" | tr '|?' '  ') 2>/dev/null | awk '
    /^[^ ]/ { sub(":$", "", $1); name = $1 }
    $1 == "Candidate:" && $2 != "(none)" { printf "%s ", name }')"
  for thing in "$@"; do
    found=""
    for name in $(echo "${thing%\?}" | tr '|' ' '); do
      case $candidates in *" $name "*) found=${found:-$name} ;; esac
    done
    case "$found $thing" in
      " "*\?) left_out="$left_out $(echo "${thing%\?}" | cut -d'|' -f1)" ;;
      " "*) unknown="$unknown $thing" ;;
      *\?) choice="$choice $found" ;;
      *) choice="$choice $found" needed="$needed $found" ;;
    esac
  done
}

# shellcheck disable=SC2046
wanted=$(lacking $(for group in "$@"; do things "$group"; done | tr ' ' '\n' | sort -u))
[ -n "$wanted" ] || exit 0
# shellcheck disable=SC2086
choose $wanted
case $candidates in *" make "*) lists=1 ;; *) lists="" ;; esac # which every release has
if [ -n "$lists" ] && [ -z "$choice$unknown" ]; then
  say "not in this release, done without:$left_out"
  exit 0
fi

if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null 2>&1; then as_root=sudo
elif [ -z "$needed$unknown" ]; then
  say "not root and no sudo; going on without:$choice$left_out"
  exit 0
else
  say "not root and no sudo; ask an administrator for: apt-get install$choice$unknown"
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq >&2 || say "apt-get update failed; trying with the lists that are here"
# shellcheck disable=SC2086
choose $wanted
[ -z "$left_out" ] || say "not in this release, done without:$left_out"
if [ -n "$unknown" ]; then
  say "apt knows no package for:$unknown (is apt-get update possible, and are Debian's or Ubuntu's full archives listed?)"
  exit 1
fi
[ -n "$choice" ] || exit 0
say "installing$choice"

# Servers are for the specs, which start them themselves: as services they would take ports.
policy=/usr/sbin/policy-rc.d
case $choice in
  *nginx*|*prometheus*)
    if [ ! -e $policy ]; then
      trap '$as_root rm -f $policy' EXIT
      printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
      $as_root chmod 755 $policy
    fi
    ;;
esac
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove $choice >&2

#!/bin/sh
# make debian RELEASE=trixie: what a newcomer to another Debian sees: this tree, fresh, in a chroot of that release, where
# `make demo` and `make test` are run. LUAS="lua5.4 luajit" and SPECS="spec/a_spec.lua" shorten it; GROUPS_TOO="" leaves
# out what only some specs need (Neovim, nginx). The chroot is kept in DEBIAN_DIR (default build/debian) for the next run;
# FRESH=1 makes it again; DEBIAN_MIRROR=URL is for systems whose apt names none. Nothing outside of it is written: mounts and processes live in namespaces that end with the run.
set -eu
cd "$(dirname "$0")/.."

release=${RELEASE:-trixie}
base=${DEBIAN_DIR:-$PWD/build/debian}
root=$base/$release
groups="build ${GROUPS_TOO-hosts nginx}"

say() { echo "debian $release: $*"; }
fail() { say "$*" >&2; exit 1; }

case $release in *[!a-z]* | "") fail "'$release' is no name of a release, such as bullseye, trixie, testing" ;; esac
[ "$(uname -s)" = Linux ] || fail "a chroot of Debian needs Linux"
[ "$(id -u)" = 0 ] || fail "debootstrap, chroot and mount need root: run it as root, or with sudo"
scripts/deps.sh debian || fail "debootstrap is missing; install it (Fedora, Arch and Alpine have the package, too)"
for tool in unshare pivot_root flock git; do
  command -v $tool >/dev/null 2>&1 || fail "$tool is missing (packages util-linux and git)"
done
mkdir -p "$base"
case $base in /*) ;; *) base=$(cd "$base" && pwd) root=$base/$release ;; esac
exec 9>"$root.lock"
flock -n 9 || fail "another run uses $root"

# What the host's apt was told about the way to the archive holds for the chroot, too.
host_mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/ Debian Debian$//p' | head -n 1
}
host_settings() {
  apt-config dump 2>/dev/null | grep -E '^Acquire::((http|https)::(Proxy|Timeout|Pipeline)|Check-|Retries|ForceIPv)' |
    grep -v 'Auto-Detect' || true
}
bootstrap() {
  mirror=${DEBIAN_MIRROR:-$(host_mirror)}
  eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy 2>/dev/null || true)"
  [ -z "${http_proxy:-}" ] || export http_proxy
  [ -z "${https_proxy:-}" ] || export https_proxy
  say "making the chroot $root (once)"
  rm -rf --one-file-system "$root" "$root.new"
  # An unknown release has no script of its own, but all since 2011 are made as sid is.
  script=
  [ -e "/usr/share/debootstrap/scripts/$release" ] || script=/usr/share/debootstrap/scripts/sid
  [ -z "$script" ] || [ -n "$mirror" ] || fail "apt names no mirror; give one: DEBIAN_MIRROR=URL"
  # shellcheck disable=SC2086
  debootstrap --variant=minbase "$release" "$root.new" $mirror $script \
    >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; fail "debootstrap failed; all it said is in $root.log"; }
  mv "$root.new" "$root"
}

seconds() { date +%s; }
begun=$(seconds)
[ -z "${FRESH:-}" ] || rm -rf --one-file-system "$root"
[ -d "$root" ] || bootstrap
host_settings >"$root/etc/apt/apt.conf.d/90host"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
echo "127.0.0.1 localhost" >"$root/etc/hosts" # which debootstrap leaves out

# The tree as it is here, changes and new files with it, without what was built; where other users can read it.
rm -rf "$root/srv/b24"
mkdir -p "$root/srv/b24"
# shellcheck disable=SC2016
git ls-files -z --cached --others --exclude-standard |
  xargs -0 sh -c 'for file; do [ ! -e "$file" ] || printf "%s\0" "$file"; done' sh |
  tar -cf - --null --no-recursion -T - | tar -xf - --no-same-owner -C "$root/srv/b24"

# Runs in the chroot, as its process 1: what is left over at its end ends with it.
cat >"$root/root/run.sh" <<'RUN'
set -u
cd /srv/b24 || exit 1
LUAS=$1 SPECS=$2 DEPS=$3 status=0
[ -z "$4" ] || export B24_TEST_JOBS="$4"
take() { # take NAME COMMAND...
  name=$1 begun=$(date +%s) code=0
  shift
  "$@" </dev/null || { code=$? status=1; }
  echo "$name: status $code, $(($(date +%s) - begun)) s" >>/root/measured
}
version() { printf '%s' "$1 "; "$@" 2>&1 | head -n 1 | grep -oE '[0-9]+(\.[0-9]+)+[-a-z0-9]*' | head -n 1; }
: >/root/measured
take "scripts/deps.sh $DEPS" scripts/deps.sh $DEPS
[ "$status" = 0 ] || { cat /root/measured; exit 1; }
{
  for lua in lua5.1 lua5.2 lua5.3 lua5.4 lua5.5 luajit; do
    ! command -v $lua >/dev/null 2>&1 || version $lua -v
  done
  for tool in gcc nvim; do ! command -v $tool >/dev/null 2>&1 || version $tool --version; done
  ! command -v nginx >/dev/null 2>&1 || version nginx -v
  printf 'libcurl '; pkg-config --modversion libcurl
} | tr '\n' ',' | sed 's/,$/\n/; s/,/, /g' >/root/versions
take "make demo" make demo
[ -z "$LUAS" ] || export B24_TEST_LUA="$LUAS"
take "make test${SPECS:+ SPECS=\"$SPECS\"}" make test SPECS="$SPECS"
exit $status
RUN

say "running (packages: $groups; Luas: ${LUAS:-all}; specs: ${SPECS:-all})"
status=0
# A root of its own, not only chroot: specs that mount and make users' namespaces could not do so in a chroot.
# shellcheck disable=SC2016
unshare --mount --pid --uts --ipc --fork --kill-child sh -c '
  set -e
  mount --make-rprivate /
  mount --bind "$1" "$1"
  cd "$1"
  mount -t proc proc proc
  mount -t sysfs -o ro sys sys
  mkdir -p dev/pts dev/shm .host
  mount -t tmpfs -o mode=1777 shm dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 pts dev/pts
  [ -L dev/ptmx ] || { rm -f dev/ptmx; ln -s pts/ptmx dev/ptmx; }
  hostname localhost
  pivot_root . .host
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
    DEBIAN_FRONTEND=noninteractive chroot . sh -c "umount -l /.host && rmdir /.host && exec sh /root/run.sh \"\$@\"" \
    sh "$2" "$3" "$4" "$5"
' sh "$root" "${LUAS:-}" "${SPECS:-}" "$groups" "${B24_TEST_JOBS:-}" &
# It takes no lesser signal; all that runs in there ends with it, and so do the mounts.
inside=$!
trap 'kill -KILL $inside 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
wait $inside || status=$?

say "made $(date -r "$root/etc/debian_version" +%Y-%m-%d 2>/dev/null || echo earlier), $(cat "$root/etc/debian_version")"
[ ! -s "$root/root/versions" ] || say "$(cat "$root/root/versions")"
[ ! -s "$root/root/measured" ] || while read -r line; do say "$line"; done <"$root/root/measured"
say "$(($(seconds) - begun)) s in all"
[ "$status" = 0 ] || fail "failed"
say "ok"

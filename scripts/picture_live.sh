#!/bin/sh
# make picture-live: two panes of a real terminal, against the mock portal: a message is left, and b24 watch --live tells
# it: picture_live.sh FILE
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build hosts
make -s module LUA=lua5.4
# shellcheck source=scripts/with_portal.sh
. scripts/with_portal.sh
columns=96 rows=10

# The outer terminal shows the inner one, both panes of it.
outer() { tmux -u -L outer -f "$dir/outer.conf" "$@"; }
inner() { tmux -u -L inner -f "$dir/inner.conf" "$@"; }
stop_picture() {
  inner kill-server 2>/dev/null || true
  outer kill-server 2>/dev/null || true
  stop_portal
}
trap stop_picture EXIT

B24_WEBHOOK=$(field http_webhook)
control=${B24_WEBHOOK%%/rest/*}/__portal
curl -sS -o /dev/null -d '{"user_id":1,"scope":["im","pull_channel"]}' "$control/account"

export B24_WEBHOOK B24_ALLOW_HTTP=1 B24_RUNTIME_DIR="$dir/runtime" HOME="$dir/home" TMUX_TMPDIR="$dir" XDG_SESSION_ID=""
export LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;;" LUA_CPATH="$PWD/build/5.4/?.so;;" LC_ALL=C.UTF-8
export PATH="$dir/bin:$PATH" ENV="$dir/rc"
echo "PS1='$ '" >"$dir/rc"
unset TMUX
mkdir -m 700 "$B24_RUNTIME_DIR" "$HOME" "$dir/bin"
printf '#!/bin/sh\nexec lua5.4 "%s/bin/b24" "$@"\n' "$PWD" >"$dir/bin/b24"
# What another person would do in the messenger.
cat >"$dir/bin/anna-writes" <<SH
#!/bin/sh
curl -sS -o /dev/null -d '{"dialog_id":"5","text":"'"\$*"'"}' "$control/message" && date '+sent at %T'
SH
chmod 700 "$dir"/bin/*
printf 'set -g default-terminal tmux-256color\nset -g status off\n' >"$dir/outer.conf"
cat "$dir/outer.conf" - >"$dir/inner.conf" <<'CONF'
set -g default-command "exec sh"
set -g pane-border-style fg=colour8
set -g pane-active-border-style fg=colour8
CONF
inner new-session -d -x $columns -y $rows
inner split-window -h
outer new-session -d -x $columns -y $rows "tmux -u -L inner -f '$dir/inner.conf' attach"

until_seen() {
  tries=0
  until outer capture-pane -p 2>/dev/null | grep -q -- "$1"; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ]; then
      outer capture-pane -p >&2
      echo "b24: the terminal does not show '$1'" >&2
      exit 1
    fi
    sleep 0.1
  done
}
inner send-keys -t :.1 "b24 watch --live --exec 'date +heard\\ at\\ %T'" Enter
until_seen 'messages are waiting'
sleep 3 # the channel is open, and what that asks for has been answered
inner select-pane -t :.0
inner send-keys -t :.0 'anna-writes Are you there?' Enter
until_seen '9 messages are waiting'
sleep 3
inner send-keys -t :.0 'anna-writes It is about the contract' Enter
until_seen '10 messages are waiting'
sleep 0.5
outer capture-pane -e -p -N >"$dir/screen"
luajit scripts/ansi_svg.lua $columns $rows "Left, two messages are sent; right, b24 watch --live prints them as they come" \
  <"$dir/screen" >"$dir/picture.svg"
cp "$dir/picture.svg" "$1"
echo "b24: $1"

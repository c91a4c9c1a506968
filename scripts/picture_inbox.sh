#!/bin/sh
# make picture-inbox: b24 inbox in a real terminal of 80 columns, against the mock portal: picture_inbox.sh FILE [COLUMNS]
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build hosts
make -s module LUA=lua5.4
# shellcheck source=scripts/with_portal.sh
. scripts/with_portal.sh
columns=${2:-80} rows=12

terminal() { tmux -u -L inbox -f "$dir/tmux.conf" "$@"; }
stop_picture() {
  terminal kill-server 2>/dev/null || true
  stop_portal
}
trap stop_picture EXIT

B24_WEBHOOK=$(field http_webhook)
control() { curl -sS -o /dev/null -d "$2" "${B24_WEBHOOK%%/rest/*}/__portal/$1"; }
control dialog '{"dialog_id":"chat18","title":"Отдел продаж и логистики"}'
control message '{"dialog_id":"chat18","author_id":5,"text":"Клиент спрашивает, когда придёт счёт за октябрь"}'
control dialog '{"dialog_id":"chat24","title":"上海办事处"}'
control message '{"dialog_id":"chat24","author_id":5,"text":"请看一下发票，谢谢 🙏"}'
control message '{"dialog_id":"5","author_id":5,"text":"Deployed 🚀, please have a look at the release notes before lunch"}'

export B24_WEBHOOK B24_ALLOW_HTTP=1 B24_RUNTIME_DIR="$dir/runtime" HOME="$dir/home" TMUX_TMPDIR="$dir"
export LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;;" LUA_CPATH="$PWD/build/5.4/?.so;;" LC_ALL=C.UTF-8
unset TMUX NO_COLOR
mkdir -m 700 "$B24_RUNTIME_DIR" "$HOME"
printf 'set -g default-terminal tmux-256color\nset -g status off\n' >"$dir/tmux.conf"
terminal new-session -d -x "$columns" -y $rows \
  "printf '$ b24 inbox\n'; lua5.4 bin/b24 inbox; touch '$dir/done'; exec sleep 20"
tries=0
until [ -e "$dir/done" ]; do
  tries=$((tries + 1))
  [ $tries -le 100 ] || { terminal capture-pane -p >&2; echo "b24: b24 inbox does not end" >&2; exit 1; }
  sleep 0.1
done
sleep 0.3 # the terminal draws
terminal capture-pane -e -p -N >"$dir/screen"
luajit scripts/ansi_svg.lua "$columns" $rows "b24 inbox in $columns columns: names, unread messages, waiting times, last messages" \
  <"$dir/screen" >"$dir/picture.svg"
cp "$dir/picture.svg" "$1"
echo "b24: $1"

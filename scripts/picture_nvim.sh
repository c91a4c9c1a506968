#!/bin/sh
# make picture-nvim: the badge, reading and answering in a real Neovim, in a real terminal, against the mock portal: picture_nvim.sh FILE
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build hosts
make -s module LUA=luajit
# shellcheck source=scripts/with_portal.sh
. scripts/with_portal.sh
columns=96 rows=24

term() { tmux -u -L b24 -f "$dir/tmux.conf" "$@"; }
stop_picture() {
  term kill-server 2>/dev/null || true
  stop_portal
}
trap stop_picture EXIT

B24_WEBHOOK=$(field http_webhook)
control=${B24_WEBHOOK%%/rest/*}/__portal
tell() { # tell OPERATION JSON
  status=$(curl -sS -o "$dir/answer" -w '%{http_code}' -d "$2" "$control/$1")
  [ "$status" = 200 ] || { cat "$dir/answer" >&2; exit 1; }
}
# writes DIALOG KIND TITLE COUNT MINUTES TEXT: somebody has been waiting so long
writes() {
  tell dialog '{"dialog_id":"'"$1"'","kind":"'"$2"'","title":"'"$3"'","age":'$(($5 * 60))'}'
  tell message '{"dialog_id":"'"$1"'","count":'"$4"',"age":'$(($5 * 60))',"text":"'"$6"'"}'
}
tell clear_counters '{}'
tell notify '{"count":4}'
writes chat30 chat "Canteen" 7 140 "Tomorrow: pea soup"
tell dialog '{"dialog_id":"chat30","muted":true}'
writes chat24 chat "Release 4.2" 2 95 "The tests are green, who signs it off?"
writes 7 dialog "Björn Østergård" 1 48 "Could you look at the contract before noon?"
writes chat44 line "Visitor from the website" 1 26 "Do you deliver to Lyon?"
writes 8 dialog "李 明" 1 12 "会議は3時からです"
writes 5 dialog "Мария Иванова" 3 4 "Счёт № 17 отправлен, спасибо 👍"

# Colours of the picture's own; everything else is Neovim as it comes.
cat >"$dir/picture.vim" <<'VIM'
set termguicolors background=dark laststatus=2 number noshowmode noruler nowrap shortmess+=I
hi Normal guifg=#abb2bf guibg=#1e222a
hi NormalFloat guifg=#d8dee9 guibg=#262b35
hi FloatBorder guifg=#61afef guibg=#262b35
hi CursorLine guibg=#3a4252 gui=none
hi LineNr guifg=#4b5263
hi StatusLine guifg=#d8dee9 guibg=#3a4252 gui=none
hi StatusLineNC guifg=#d8dee9 guibg=#3a4252 gui=none
hi Comment guifg=#8b94a5 gui=none
hi Number guifg=#e5c07b gui=bold
hi Title guifg=#98c379 gui=bold
hi Statement guifg=#61afef gui=bold
hi String guifg=#98c379
hi Constant guifg=#d19a66
hi Identifier guifg=#abb2bf gui=none
hi Function guifg=#61afef
hi Type guifg=#abb2bf gui=none
hi Special guifg=#56b6c2
hi NonText guifg=#4b5263
hi Badge guifg=#1e222a guibg=#e5c07b gui=bold
set statusline=\ %f%=%l:%c\ %#Badge#%{get(g:,'b24_badge','')==''?'':'\ ✉\ '.g:b24_badge.'\ '}
VIM

export B24_WEBHOOK B24_ALLOW_HTTP=1 B24_RUNTIME_DIR="$dir/runtime" HOME="$dir/home" TMUX_TMPDIR="$dir"
export XDG_CACHE_HOME="$dir/home" XDG_STATE_HOME="$dir/home" XDG_DATA_HOME="$dir/home" XDG_CONFIG_HOME="$dir/home"
export LUA_CPATH="$PWD/build/5.1/?.so;;" LC_ALL=C.UTF-8
unset TMUX
mkdir -m 700 "$B24_RUNTIME_DIR" "$HOME"
printf 'set -g default-terminal tmux-256color\nset -g status off\n' >"$dir/tmux.conf"
term new-session -d -x $columns -y $rows \
  "nvim --clean -n --cmd 'set rtp+=$PWD' --cmd 'source $dir/picture.vim' examples/badge.lua 2>'$dir/nvim.err'"

# until_seen PATTERN...: until the screen shows all of them and stands still
until_seen() {
  tries=0 before=""
  while :; do
    screen=$(term capture-pane -p 2>/dev/null || true)
    missing=""
    for pattern in "$@"; do printf '%s\n' "$screen" | grep -q "$pattern" || missing=$pattern; done
    [ -n "$missing" ] || [ "$screen" != "$before" ] || return 0
    before=$screen tries=$((tries + 1))
    if [ $tries -gt 150 ]; then
      printf '%s\n' "$screen" >&2
      echo "b24: Neovim does not show '$missing'" >&2
      exit 1
    fi
    sleep 0.2
  done
}
until_seen '✉ 8 *$'
term send-keys ':B24' Enter
until_seen '✉ 8 *$' ' unread in '
shoot() { term capture-pane -e -p -N >"$dir/screen.$1"; }
shoot 1
term send-keys Enter
until_seen 'Счёт № 17' '  a answer'
shoot 2
term send-keys a
until_seen 'To Мария'
term send-keys -l 'Received, thank you!'
until_seen 'thank you!'
shoot 3
term send-keys Enter
until_seen 'sent to Мария' '^  Received, thank you!'
shoot 4
luajit scripts/ansi_svg.lua $columns $rows "Neovim: the inbox of b24 opens, a dialog is read and answered; the badge is in the status line" \
  "$dir/screen.1" 3 "$dir/screen.2" 3 "$dir/screen.3" 2 "$dir/screen.4" 4 >"$dir/picture.svg"
cp "$dir/picture.svg" "$1"
echo "b24: $1"

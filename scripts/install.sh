#!/bin/sh
# shellcheck disable=SC2153 # the environment brings the folders
# make install, make uninstall: install.sh LUA LUADIR LIBDIR MODULES..., install.sh --remove LUA. The folders are in
# LUA_DIR, LIB_DIR, BIN_DIR and SHARE_DIR, DESTDIR with them; LUADIR and LIBDIR are where they will be found.
# The command belongs to the Lua that was installed first; COMMAND=1 takes it over.
set -eu
cd "$(dirname "$0")/.."

command_file=$BIN_DIR/b24 man=$SHARE_DIR/man/man1/b24.1
bash=$SHARE_DIR/bash-completion/completions/b24
zsh=$SHARE_DIR/zsh/site-functions/_b24
fish=$SHARE_DIR/fish/vendor_completions.d/b24.fish

# The interpreter of the command that is there; "" for none, and for one that has gone.
owner() {
  [ -f "$command_file" ] || return 0
  lua=$(sed -n '1s/^#!//p' "$command_file")
  [ ! -x "$lua" ] || echo "$lua"
}

remove() {
  [ ! -d "$LUA_DIR" ] || (cd lua && find b24 resty -name '*.lua') | (cd "$LUA_DIR" && xargs rm -f)
  rm -f "$LIB_DIR/b24/codec.so" "$LIB_DIR/b24/core.so"
  for folder in "$LUA_DIR/b24" "$LUA_DIR/resty" "$LIB_DIR/b24"; do
    [ ! -d "$folder" ] || find "$folder" -depth -type d -empty -delete
  done
  lua=$(owner)
  if [ -z "$lua" ] || [ "$lua" = "$(command -v "$1")" ]; then
    rm -f "$command_file" "$man" "$bash" "$zsh" "$fish"
    echo "b24 is removed for $1"
  else
    echo "b24 is removed for $1; the command stays, it runs on $lua"
  fi
}

completions() { # where the shells look for them; LUA is what runs b24 now
  for shell in bash zsh fish; do
    case $shell in bash) target=$bash ;; zsh) target=$zsh ;; fish) target=$fish ;; esac
    install -d "${target%/*}"
    if ! "$1" bin/b24 completion $shell >"$target.new" 2>/dev/null; then
      rm -f "$target.new"
      echo "b24: no completion for shells: the command needs argparse 0.7 (see doc/install.md)" >&2
      return 0
    fi
    mv "$target.new" "$target"
    chmod 644 "$target"
  done
}

if [ "$1" = --remove ]; then remove "$2"; exit; fi

lua=$1 lua_dir=$2 lib_dir=$3
shift 3
install -d "$LIB_DIR/b24"
install -m 755 "$@" "$LIB_DIR/b24/"
(cd lua && find b24 resty -type d) | while read -r folder; do # all files of a folder at once
  set -- "lua/$folder"/*.lua
  [ -e "$1" ] || continue
  install -d "$LUA_DIR/$folder"
  install -m 644 "$@" "$LUA_DIR/$folder/"
done

of=$(owner)
if [ -z "$of" ] || [ "$of" = "$(command -v "$lua")" ] || [ -n "${COMMAND:-}" ]; then
  install -d "$BIN_DIR"
  scripts/command.sh "$lua" "$lua_dir" "$lib_dir" >"$command_file.new"
  chmod 755 "$command_file.new"
  mv "$command_file.new" "$command_file"
  install -d "${man%/*}"
  install -m 644 doc/b24.1 "$man"
  completions "$lua"
  echo "installed for $lua; now run: b24 login"
else
  echo "installed for $lua; the command b24 stays with $of (COMMAND=1 takes it over)"
fi

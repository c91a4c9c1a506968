#!/bin/sh
# Prints the command b24 for one interpreter and folder: command.sh LUA ABI PREFIX. It finds its modules under PREFIX
# whatever LUA_PATH says, and so works from cron and status bars.
set -eu
lua=$(command -v "$1")
printf '#!%s\n' "$lua"
printf 'package.path = [[%s/share/lua/%s/?.lua;%s/share/lua/%s/?/init.lua;]] .. package.path\n' "$3" "$2" "$3" "$2"
printf 'package.cpath = [[%s/lib/lua/%s/?.so;]] .. package.cpath\n' "$3" "$2"
sed 1d "$(dirname "$0")/../bin/b24"

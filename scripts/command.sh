#!/bin/sh
# Prints the command b24 for one interpreter: command.sh LUA LUADIR LIBDIR. It finds its modules in these folders whatever
# LUA_PATH says, and so works from cron and status bars.
set -eu
lua=$(command -v "$1")
printf '#!%s\n' "$lua"
printf 'package.path = [[%s/?.lua;%s/?/init.lua;]] .. package.path\n' "$2" "$2"
printf 'package.cpath = [[%s/?.so;]] .. package.cpath\n' "$3"
sed 1d "$(dirname "$0")/../bin/b24"

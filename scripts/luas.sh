#!/bin/sh
# Prints the Luas of this machine, the one to build for by default first. Systems that have one Lua only call it lua.
set -eu
found=""
for lua in lua5.4 lua5.3 lua5.2 lua5.1 lua5.5 luajit; do
  ! command -v "$lua" >/dev/null 2>&1 || found="$found $lua"
done
if command -v lua >/dev/null 2>&1; then
  name=$(lua -e 'io.write(jit and "luajit" or "lua" .. _VERSION:match("%d%.%d"))' 2>/dev/null || true)
  case " $found " in
    *" $name "*) ;;
    *) [ -z "$name" ] || found="$found lua" ;;
  esac
fi
echo "${found# }"

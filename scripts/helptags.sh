#!/bin/sh
# Writes DIR/tags of the help files in DIR, as Neovim's :helptags does; there may be no Neovim where the plugin is built.
set -eu
cd "$1"
for file in *.txt; do
  grep -oE '\*[^* 	|]+\*( |$)' "$file" | sed -E 's/^\*(.*)\* ?$/\1/' | while read -r tag; do
    printf '%s\t%s\t/*%s*\n' "$tag" "$file" "$tag"
  done
done | LC_ALL=C sort >tags

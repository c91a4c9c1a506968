#!/bin/sh
# A `b24 watch --json` whose lines a spec tells: what it was called with, then a story; FAIL makes it end as without credential.
dir=${0%/*}
if [ -e "$dir/fail" ]; then
  echo "b24: no credential at all" >&2
  exit 2
fi
echo "$*" >"$dir/arguments"
echo "$B24_WEBHOOK" >"$dir/secret"
printf '{"event":"change","counters":{"TYPE":{"ALL":3}},"totals":{"messages":3,"tasks":null},"badge":"3",'
sleep 0.2 # a line may come in pieces
printf '"changes":[]}\n'
while [ ! -e "$dir/on" ]; do sleep 0.05; done
echo '{"event":"error","message":"b24: HOST_NOT_FOUND: no such host","code":"HOST_NOT_FOUND","kind":"network","hint":"Check the name."}'
while [ ! -e "$dir/further" ]; do sleep 0.05; done
echo '{"event":"recover","counters":{"TYPE":{"ALL":4}},"totals":{"messages":4},"badge":"4","changes":[]}'
echo $$ >"$dir/pid"
exec sleep 600

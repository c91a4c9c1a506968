#!/bin/sh
# make bench: the figures of bench/main.lua; never a test. BENCH_QUICK=1 is the short form (about a minute),
# BENCH_ONLY="P5 P9" these parts alone.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh build bench nginx foreign
for lua in lua5.4 luajit; do make -s spec-module LUA=$lua; done

dir=$(mktemp -d)
server="" proxy=""
stop() {
  [ -z "$proxy" ] || { kill "$proxy" 2>/dev/null && wait "$proxy" 2>/dev/null; } || true
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

build() { # build NAME ARGUMENTS...
  name=$1
  shift
  gcc -std=c11 -Wall -Wextra -O2 -Isrc -o "$dir/$name" "$@"
}
objects_without_lua() { # those of the modules themselves
  for file in src/*/*.c; do
    case $file in src/lua/*) ;; *) file=${file#src/} && echo "build/obj/${file%.c}.o" ;; esac
  done
}
# shellcheck disable=SC2046
programs() {
  build server bench/server.c $(pkg-config --cflags --libs openssl) -lpthread
  build loop bench/loop.c $(objects_without_lua) $(pkg-config --cflags --libs libcurl libcjson) -lpthread -ldl
  build gate bench/gate.c src/json/check.c src/base/buffer.c src/base/text.c
  build first bench/first.c $(pkg-config --cflags --libs libcurl)
  build race bench/race.c
  build run bench/run.c
  build read bench/read.c
  build limiter spec/c/limiter_threads.c src/rest/limiter.c src/os/limiter_file.c \
    src/os/runtime_dir.c src/os/standard.c \
    src/base/clock.c src/base/process.c src/base/fault.c src/base/text.c src/json/check.c src/base/buffer.c -lpthread
}
programs &
building=$!

# An authority of our own, and three stores with it: alone, in a bundle and in a hashed folder of the system's size.
quietly() { "$@" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }; }
quietly openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=b24 bench CA" -days 2 -keyout "$dir/ca.key" -out "$dir/ca.pem"
quietly openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=localhost" -days 2 -keyout "$dir/server.key" \
  -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
  -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -out "$dir/server.pem"
cat /etc/ssl/certs/ca-certificates.crt "$dir/ca.pem" >"$dir/bundle.pem"
mkdir "$dir/hashed"
cp -L /etc/ssl/certs/*.pem "$dir/ca.pem" "$dir/hashed/"
quietly openssl rehash "$dir/hashed"
wait "$building"

# What the user has set must not reach the clients.
unset B24_WEBHOOK B24_PROFILE B24_ALLOW_HTTP LUA_INIT LUA_INIT_5_4 LUA_PATH_5_4 http_proxy https_proxy all_proxy || true
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE || true
LUA_PATH="$PWD/bench/?.lua;$PWD/lua/?.lua;$PWD/lua/?/init.lua;;"
LUA_CPATH_5_4="$PWD/build/5.4/?.so;;" LUA_CPATH="$PWD/build/5.1/?.so;;"
export LUA_PATH LUA_CPATH LUA_CPATH_5_4 BENCH_DIR="$dir"

printf '{"result":[]}' >"$dir/empty.json"
cp spec/fixtures/payloads/S.json spec/fixtures/payloads/M.json "$dir/"
# im.counters.get, with the times that every portal tells and some clients insist on
{ sed '$d' spec/fixtures/payloads/S.json && echo ', "time": {"start": 1.0, "finish": 1.1, "duration": 0.1, "processing": 0.1,
  "date_start": "2026-01-01T00:00:00+00:00", "date_finish": "2026-01-01T00:00:00+00:00"}}'; } >"$dir/im.json"
lua5.4 -e 'require("growth").write(os.getenv "BENCH_DIR")'
# The client has one core to itself, the server another.
BENCH_PIN="" server_pin=""
if [ "$(nproc)" -gt 1 ]; then BENCH_PIN="taskset -c 0 " server_pin="taskset -c 1"; fi
$server_pin "$dir/server" "$dir/server.pem" "$dir/server.key" 64 \
  "$dir/empty.json" "$dir/S.json" "$dir/M.json" "$dir/im.json" "$dir"/K*.json >"$dir/ports" &
server=$!
tries=0
until [ -s "$dir/ports" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
    echo "b24: the server of the benchmarks did not start" >&2
    exit 1
  fi
  sleep 0.05
done

# HTTP/2 is nginx's, in front of that server, where there is one.
if command -v nginx >/dev/null 2>&1; then
  read -r _ http _ https _ <"$dir/ports"
  write_conf() { # write_conf PORT
    cat >"$dir/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  http2_max_concurrent_streams 256;
  keepalive_requests 100000;
  upstream plain { server 127.0.0.1:$http; keepalive 64; }
  server {
    listen 127.0.0.1:$1 ssl http2;
    ssl_certificate $dir/server.pem;
    ssl_certificate_key $dir/server.key;
    location / { proxy_pass http://plain; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
CONF
  }
  # A port that somebody has taken meanwhile ends nginx at once: then the next one.
  for step in 7001 7103 7207 7309 7411; do
    BENCH_H2=$((https > 40000 ? https - step : https + step))
    write_conf "$BENCH_H2"
    $server_pin nginx -p "$dir" -e "$dir/nginx.log" -c "$dir/nginx.conf" 2>>"$dir/log" &
    proxy=$!
    tries=0
    until curl -s -o /dev/null --cacert "$dir/ca.pem" "https://localhost:$BENCH_H2/" ||
      ! kill -0 "$proxy" 2>/dev/null || [ "$tries" -gt 100 ]; do
      tries=$((tries + 1))
      sleep 0.05
    done
    if kill -0 "$proxy" 2>/dev/null; then break; fi
    proxy=""
  done
  [ -n "$proxy" ] || { echo "b24: nginx of the benchmarks did not start:" >&2; cat "$dir/log" >&2; exit 1; }
  export BENCH_H2
fi

# Clients from npm, where they can be had; else the benchmarks say why not.
BENCH_NPM=$(scripts/foreign_clients.sh) || BENCH_NPM=${BENCH_NPM:-npm could not install them}
[ -n "$BENCH_NPM" ] || cp bench/peers/node.mjs build/foreign/ # beside the modules, where node looks

export BENCH_PIN BENCH_NPM
lua5.4 bench/main.lua

#!/bin/sh
# make demo-openresty: examples/openresty in a real nginx, against the mock portal, until Ctrl-C; messages arrive meanwhile.
# demo_openresty.sh --once: prints each page once and ends. --login: what people see who log in. --browse 0 (dark), 1: what a
# browser makes of the page, for its spec. --picture NAME: makes NAME.png, NAME-dark.png and NAME-phone.png.
set -eu
cd "$(dirname "$0")/.."
groups="build nginx"
case ${1:-} in --picture | --browse) groups="$groups picture" ;; esac
# shellcheck disable=SC2086
scripts/deps.sh $groups
make -s module LUA=luajit >&2

modules=$(nginx -V 2>&1 | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')
[ -e "$modules/ngx_http_lua_module.so" ] || { echo "b24: this nginx has no module for Lua" >&2; exit 1; }

. scripts/with_portal.sh
nginx="" names=""
stop_demo() {
  for pid in $nginx $names; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  stop_portal
}
trap stop_demo EXIT

control() { curl -sS -o "$dir/answer" -d "$2" "$portal_url/__portal/$1"; }
portal_url=$(field http_webhook | sed 's#/rest/.*##')
control account '{"user_id":2,"demo":true}'
second=$(sed -n 's/.*"webhook" *: *"\([^"]*\)".*/\1/p' "$dir/answer" | sed 's/\\\//\//g')

# nginx reads no hosts file, and the portal is called localhost.
luajit spec/support/dns.lua "$dir/dns" &
names=$!
port=$(luajit -e 'local s = require("socket").bind("127.0.0.1", 0) io.write((select(2, s:getsockname())))')

# The example as it is, but for the lines that one adapts.
site=$dir/site
mkdir -p "$site" "$dir/runtime"
chmod 700 "$dir/runtime"
cp -R examples/openresty/site.lua examples/openresty/html "$site/"
(umask 077 && printf 'return { anna = "%s", boris = "%s" }\n' "$(field webhook)" "$second" >"$site/accounts.lua")
echo 'return "secret"' >"$site/application_token.lua"
tries=0
until [ -s "$dir/dns" ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo "b24: the name server did not start" >&2; exit 1; }
  sleep 0.05
done
user=""
[ "$(id -u)" != 0 ] || user="user root;"
sed -e "s#^include .*#load_module $modules/ndk_http_module.so; load_module $modules/ngx_http_lua_module.so;#" \
  -e "s#^user .*#$user#" -e "s#^worker_processes .*#worker_processes 2; daemon off; error_log $dir/error.log notice;#" \
  -e "s#^pid .*#pid $dir/nginx.pid;#" -e "s#B24_RUNTIME_DIR=[^;]*#B24_RUNTIME_DIR=$dir/runtime#" \
  -e "s#^http {#http { access_log off; client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5; lua_package_cpath \"$PWD/build/5.1/?.so;;\";#" \
  -e "s#resolver 127.0.0.53;#resolver 127.0.0.1:$(cat "$dir/dns") ipv6=off;#" \
  -e "s#/etc/ssl/certs/ca-certificates.crt#$(field ca_file)#" -e "s#every = 30#every = 1#" \
  -e "s#lua_package_path \"[^\"]*\"#lua_package_path \"$site/?.lua;$PWD/lua/?.lua;$PWD/lua/?/init.lua;;\"#" \
  -e "s#127.0.0.1:8080#127.0.0.1:$port#" -e "s#/etc/nginx/b24/html#$site/html#" \
  examples/openresty/nginx.conf >"$dir/nginx.conf"
if [ "${1:-}" = --login ]; then # each person sees his own
  printf 'anna:{PLAIN}pw\nstranger:{PLAIN}pw\n' >"$dir/users"
  sed -i "s#set .b24_everybody 1;#auth_basic b24; auth_basic_user_file $dir/users;#" "$dir/nginx.conf"
fi
if [ "${1:-}" = --browse ]; then # a page around the page, which looks at it
  sed -i "s#access_log off; client#access_log $dir/access.log; client#; s#location = /unread#location = /slow { access_log off; content_by_lua_block { ngx.sleep(6) } } location = /check { default_type text/html; root $PWD/spec/support; try_files /openresty_page.html =404; } location = /unread#" \
    "$dir/nginx.conf"
fi
if [ "${1:-}" = --picture ]; then # a browser whose clock runs ahead would wait for the stream's end
  sed -i "s#location = /events {[^}]*} }#location = /events { return 404; }#" "$dir/nginx.conf"
fi
nginx -p "$dir" -c "$dir/nginx.conf" 2>"$dir/nginx.out" &
nginx=$!

url=http://127.0.0.1:$port
tries=0
login="" second_user=boris
[ "${1:-}" != --login ] || login="-u anna:pw" second_user=anna
# shellcheck disable=SC2086
until curl -sf $login "$url/unread?user=anna" "$url/unread?user=$second_user" --fail-early >"$dir/answer" 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$nginx" 2>/dev/null; then
    cat "$dir/nginx.out" "$dir/error.log" >&2
    echo "b24: the example did not start" >&2
    exit 1
  fi
  sleep 0.05
done

if [ "${1:-}" = --login ]; then
  for who in nobody: anna:pw anna:guess stranger:pw; do
    echo "== $who"
    curl -sS -w '\n%{http_code}\n' -u "$who" "$url/unread" | grep -v '<'
  done
  echo "== anna asks for boris"
  curl -sS -o "$dir/answer" -w '%{http_code}\n' -u anna:pw "$url/unread?user=boris"
  exit 0
fi
if [ "${1:-}" = --browse ]; then
  control dialog '{"user_id":2,"dialog_id":"chat70","kind":"line","count":120,"age":6000,"title":"Visitor Ann"}'
  sleep 2 # the poller's turn comes each second
  HOME=$dir/home chromium --headless --no-sandbox --disable-gpu --window-size=1400,1800 \
    --blink-settings=preferredColorScheme="$2" --timeout=30000 --dump-dom "$url/check" 2>"$dir/chromium.log" ||
    { cat "$dir/chromium.log" >&2; exit 1; }
  echo "asked: $(grep -c 'GET /unread ' "$dir/access.log")"
  exit 0
fi
if [ "${1:-}" = --once ]; then
  for page in /unread /metrics /; do
    echo "== $page"
    curl -sS "$url$page"
  done
  echo "== /events"
  curl -sSN --max-time 20 "$url/events" >"$dir/events" 2>/dev/null &
  reader=$!
  lines() { # waits until there are so many
    tries=0
    while [ "$(grep -c '^data: ' "$dir/events")" -lt "$1" ] && [ $tries -lt 150 ]; do tries=$((tries + 1)) && sleep 0.1; done
  }
  lines 1
  control message '{"dialog_id":"5","count":2}'
  lines 2
  kill $reader 2>/dev/null
  cat "$dir/events"
  for token in secret guess; do # as Bitrix24 would post it
    echo "== /bitrix24/event $token"
    curl -sS -o "$dir/answer" -w '%{http_code}\n' "$url/bitrix24/event" \
      -d "event=ONIMBOTMESSAGEADD&auth[member_id]=demo&auth[application_token]=$token"
  done
  exit 0
fi
if [ "${1:-}" = --picture ]; then
  control message '{"user_id":2,"dialog_id":"5","count":3}'
  control dialog '{"user_id":2,"dialog_id":"chat70","kind":"line","count":2,"title":"Visitor Ann"}'
  sleep 2 # the poller's turn comes each second
  shoot() { # shoot FILE WIDTH,HEIGHT SCHEME; 0: dark, 1: light
    # no sandbox: root has none; this browser sees nothing but our page
    HOME=$dir/home chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="$2" \
      --blink-settings=preferredColorScheme="$3" --virtual-time-budget=3000 --screenshot="$1" "$url/" \
      >"$dir/chromium.log" 2>&1 || { cat "$dir/chromium.log" >&2; exit 1; }
    echo "b24: $1"
  }
  shoot "$2.png" 760,290 1
  shoot "$2-dark.png" 760,290 0
  shoot "$2-phone.png" 500,290 1 # Chromium has no narrower window
  exit 0
fi
echo "b24: $url   (JSON: $url/unread, Prometheus: $url/metrics). Ctrl-C ends it."
while sleep 4 >/dev/null & wait $!; do
  control message '{"dialog_id":"5"}'
  kill -0 "$nginx" 2>/dev/null || { echo "b24: nginx has ended" >&2; exit 1; }
done

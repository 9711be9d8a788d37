#!/usr/bin/env bash
# Turns one small page into a table: requests a second and delay through Consentry, nginx and HAProxy as plain proxies, over HTTP/1.1,
# HTTP/2 and TLS, in one run; and what an idle connection holds in memory.
#
# 1. The servers that are measured have core 0; the load (h2load) and the origin (nginx, a file from memory) have core 1.
# 2. Each row is the best of ROUNDS (2) runs of REQUESTS (20000), taken in turns. Delays are of whole requests: what a server
#    adds is the difference to the row of the origin alone.
# 3. Consentry is measured with `mode = "off"`, as a plain proxy, and with a page that is rewritten.
# 4. Idle connections: IDLE (2000) kept open after one request each; the growth of the server's resident memory divided by them.
set -u
source "$(dirname "$0")/proxy/servers.sh"
need nginx haproxy h2load curl taskset openssl python3 awk

for _ in $(seq 4); do cat "$root/benches/proxy/page.html"; done >"$dir/page.html"
gzip -6 -k "$dir/page.html"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/key.pem" -out "$dir/chain.pem" -days 2 -subj /CN=shop.example 2>/dev/null
cat "$dir/chain.pem" "$dir/key.pem" >"$dir/both.pem"
at() { echo $((port + 20 + $1)); }

start_nginx 1 origin
answers "$origin"

cat >"$dir/peer.conf" <<END
daemon off; worker_processes 1; pid $dir/peer.pid; error_log $dir/peer.log warn; worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000; keepalive_timeout 300s;
  client_body_temp_path $dir/p1; proxy_temp_path $dir/p2; fastcgi_temp_path $dir/p3; uwsgi_temp_path $dir/p4; scgi_temp_path $dir/p5;
  upstream origin { server 127.0.0.1:$origin; keepalive 64; keepalive_requests 1000000; }
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host \$host;
  proxy_buffers 16 16k; proxy_buffer_size 16k;
  ssl_certificate $dir/chain.pem; ssl_certificate_key $dir/key.pem;
  server { listen 127.0.0.1:$(at 0); location / { proxy_pass http://origin; } }
  server { listen 127.0.0.1:$(at 1) http2; location / { proxy_pass http://origin; } }
  server { listen 127.0.0.1:$(at 2) ssl http2; location / { proxy_pass http://origin; } }
}
END
taskset -c 0 nginx -p "$dir" -e "$dir/peer.log" -c "$dir/peer.conf" &
pids+=($!)
answers "$(at 0)"
nginx_pid=$(pgrep -P "$(cat "$dir/peer.pid")")

cat >"$dir/haproxy.cfg" <<END
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 2s
  timeout client 300s
  timeout server 60s
  default_backend origin
frontend plain
  bind 127.0.0.1:$(at 3)
frontend clear
  bind 127.0.0.1:$(at 4) proto h2
frontend tls
  bind 127.0.0.1:$(at 5) ssl crt $dir/both.pem alpn h2,http/1.1
backend origin
  http-reuse always
  server origin 127.0.0.1:$origin
END
taskset -c 0 haproxy -db -f "$dir/haproxy.cfg" >"$dir/haproxy.log" 2>&1 &
haproxy_pid=$!
pids+=("$haproxy_pid")
answers "$(at 3)"

# name, mode, number: a Consentry in clear text there, and with TLS at the next number; its process is in $started.
start_peer() {
  cat >"$dir/$1.toml" <<END
mode = "$2"
[listen]
address = "127.0.0.1:$(at "$3")"
[[listener]]
address = "127.0.0.1:$(at $(($3 + 1)))"
[[listener.certificate]]
chain = "chain.pem"
key = "key.pem"
[origin]
url = "http://127.0.0.1:$origin"
[limits]
idle_timeout = "5m"
[records]
store = ""
END
  RUST_LOG=error taskset -c 0 "$program" serve --config "$dir/$1.toml" >"$dir/$1.log" 2>&1 &
  started=$!
  pids+=("$started")
  answers "$(at "$3")"
}
start_peer off off 6
off_pid=$started
start_peer enforce enforce 8

best=$dir/best
: >"$best"
# number, name, URL, flags of h2load: one run, noted in $best.
run() {
  local number=$1 name=$2 url=$3
  shift 3
  timeout 60 taskset -c 1 h2load -n "${REQUESTS:-20000}" -c 16 "$@" --log-file="$dir/times" "$url" >"$dir/out" 2>&1
  local rate failed p50 p99
  rate=$(sed -n 's/^finished in .*, \([0-9.]*\) req\/s.*/\1/p' "$dir/out")
  failed=$(sed -n 's/^requests:.* \([0-9]*\) failed.*/\1/p' "$dir/out")
  # The third column of h2load's log is microseconds.
  read -r p50 p99 < <(sort -k3,3n "$dir/times" | awk '{ t[NR] = $3 } END { print t[int(NR * 0.5) + 1], t[int(NR * 0.99) + 1] }')
  rm -f "$dir/times"
  printf '%d\t%s\t| %s | %s | %s | %s | %s |\n' "$number" "${rate:-0}" "$name" "${rate:-0}" "${p50:-}" "${p99:-}" "${failed:-?}" >>"$best"
}

for _ in $(seq "${ROUNDS:-2}"); do
  run 1 'HTTP/1.1: the origin alone' "http://127.0.0.1:$origin/page.html" --h1
  run 2 'HTTP/1.1: nginx' "http://127.0.0.1:$(at 0)/page.html" --h1
  run 3 'HTTP/1.1: HAProxy' "http://127.0.0.1:$(at 3)/page.html" --h1
  run 4 'HTTP/1.1: Consentry, `mode = "off"`' "http://127.0.0.1:$(at 6)/page.html" --h1
  run 5 'HTTP/1.1: Consentry, rewritten' "http://127.0.0.1:$(at 8)/page.html" --h1
  run 6 'HTTP/2: nginx' "http://127.0.0.1:$(at 1)/page.html" -m 4
  run 7 'HTTP/2: HAProxy' "http://127.0.0.1:$(at 4)/page.html" -m 4
  run 8 'HTTP/2: Consentry, `mode = "off"`' "http://127.0.0.1:$(at 6)/page.html" -m 4
  run 9 'HTTP/2: Consentry, rewritten' "http://127.0.0.1:$(at 8)/page.html" -m 4
  run 10 'TLS, HTTP/2: nginx' "https://127.0.0.1:$(at 2)/page.html" -m 4
  run 11 'TLS, HTTP/2: HAProxy' "https://127.0.0.1:$(at 5)/page.html" -m 4
  run 12 'TLS, HTTP/2: Consentry, `mode = "off"`' "https://127.0.0.1:$(at 7)/page.html" -m 4
  run 13 'TLS, HTTP/2: Consentry, rewritten' "https://127.0.0.1:$(at 9)/page.html" -m 4
done

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# name, process, port, whether with TLS: memory of an idle connection.
idle() {
  python3 - "$3" "$4" "${IDLE:-2000}" <<'END' &
import socket, ssl, sys, time
port, tls, count = int(sys.argv[1]), sys.argv[2] == "tls", int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
kept = []
for number in range(count):
    # Nobody gets more than a share of the connections: each address of the loopback is a client.
    stream = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.{number % 50}.2", 0))
    if tls:
        stream = context.wrap_socket(stream)
    stream.sendall(b"HEAD /page.html HTTP/1.1\r\nHost: shop.example\r\n\r\n")
    stream.recv(4096)
    kept.append(stream)
time.sleep(4)
END
  local before holder=$! after
  before=$(resident "$2")
  sleep 1
  while [ -d "/proc/$holder" ]; do
    after=$(resident "$2")
    [ "${after:-0}" -gt "${most:-0}" ] && most=$after
    sleep 0.2
  done
  awk -v name="$1" -v before="$before" -v most="${most:-0}" -v count="${IDLE:-2000}" 'BEGIN { printf "| %s | %.1f |\n", name, (most - before) / count }' >>"$dir/idle"
  most=0
}
ulimit -n 20000 2>/dev/null || true
: >"$dir/idle"
idle 'nginx' "$nginx_pid" "$(at 0)" plain
idle 'HAProxy' "$haproxy_pid" "$(at 3)" plain
idle 'Consentry' "$off_pid" "$(at 6)" plain
idle 'TLS: nginx' "$nginx_pid" "$(at 2)" tls
idle 'TLS: HAProxy' "$haproxy_pid" "$(at 5)" tls
idle 'TLS: Consentry' "$off_pid" "$(at 7)" tls

machine
echo "$(haproxy -v | head -1 | cut -d' ' -f1-3), page of $(stat -c %s "$dir/page.html") bytes"
echo
echo '| | requests/s | p50, us | p99, us | failed |'
echo '|---|---|---|---|---|'
sort -t"$(printf '\t')" -k1,1n -k2,2nr "$best" | awk -F'\t' '!seen[$1]++ { print $3 }'
echo
echo '| idle connection | KiB |'
echo '|---|---|'
cat "$dir/idle"

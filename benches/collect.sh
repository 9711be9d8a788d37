#!/usr/bin/env bash
# Turns one hit of Google Analytics 4 into a table: how many of them one core forwards through Consentry and through nginx, in one run.
#
# 1. The server that is measured has core 0; the load (wrk) and the stub vendor (nginx, 204 without a body) have core 1.
# 2. "a core" divides by the server's own processor time, so a noisy machine and a busy load generator do not count.
# 3. Each row is the best of ROUNDS (3) runs of SECONDS_EACH (6) seconds with 32 connections, taken in turns.
# 4. nginx passes the request on as it is. Consentry reads the consent, shapes 30 parameters, makes the headers anew and writes a line
#    of the ledger; "refused" is the same hit without consent, which no vendor sees.
set -u
source "$(dirname "$0")/proxy/servers.sh"
need nginx wrk curl taskset awk
ticks=$(getconf CLK_TCK)
best=$dir/best
: >"$best"
echo 'page' >"$dir/page.html"

start_nginx 1 stub
answers "$origin"
start_nginx 0 forward
answers "$plain"
nginx_worker=$(pgrep -P "$(cat "$dir/nginx.pid")")

served=$((port + 4))
cat >"$dir/collect.toml" <<END
$agreed
[collect]
targets = { "www.google-analytics.com" = "http://127.0.0.1:$origin" }
[collect.limits]
per_client = 100000
[collect.ledger]
path = "$dir/ledger.jsonl"
END
start_consentry 0 "$served" --config "$dir/collect.toml"
consentry_pid=$started

host=shop.example
hit='g/collect?v=2&tid=G-ABC1234567&gtm=45je4730v9101234567za200&_p=1700000000123&gcs=G111&gcd=13r3r3r3r5&npa=0&dma=1&cid=1234567890.1700000000&ul=de-de&sr=1920x1080&uaa=x86&uab=64&uamb=0&uap=Linux&uapv=6.1.0&uaw=0&are=1&frm=0&pscdl=noapi&_s=1&sid=1700000001&sct=3&seg=1&dl=https%3A%2F%2Fshop.example%2Fproducts%2Fshoes%3Futm_source%3Dnews%26q%3Dred&dr=https%3A%2F%2Fwww.search.example%2F&dt=Red%20shoes&en=page_view&epn.value=19.99&_et=1234'
agent='User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
page="Referer: https://$host/products/shoes"

cpu() { awk '{ print $14 + $15 }' <(sed 's/.*) //' "/proc/$1/stat" | sed 's/^/0 0 /'); }

# number, name, pid, URL, headers: one run, noted in $best.
run() {
  local number=$1 name=$2 pid=$3 url=$4 headers=() out before after
  shift 4
  for header; do headers+=(-H "$header"); done
  before=$(cpu "$pid")
  out=$(taskset -c 1 wrk -t1 -c32 -d"${SECONDS_EACH:-6}"s --latency -H "Host: $host" -H "$agent" -H "$page" "${headers[@]}" "$url")
  after=$(cpu "$pid")
  if grep -q 'Non-2xx\|Socket errors' <<<"$out"; then
    echo "$name: $(grep 'Non-2xx\|Socket errors' <<<"$out")" >&2
  fi
  awk -v number="$number" -v name="$name" -v spent=$((after - before)) -v ticks="$ticks" '
    / 50%/ { p50 = $2 } / 99%/ { p99 = $2 } / requests in / { requests = $1 } /Requests\/sec/ { rate = $2 }
    END { core = requests / (spent / ticks); printf "%d\t%.0f\t| %s | %.0f | %.0f | %s | %s |\n", number, core, name, core, rate, p50, p99 }
  ' <<<"$out" >>"$best"
}

own="http://127.0.0.1:$served/_consentry/v/www.google-analytics.com/$hit"
for _ in $(seq "${ROUNDS:-3}"); do
  run 1 'nginx, `proxy_pass`, nothing changed' "$nginx_worker" "http://127.0.0.1:$plain/$hit"
  run 2 'Consentry, forwarded' "$consentry_pid" "$own" "Cookie: $consent"
  run 3 'Consentry, refused' "$consentry_pid" "$own"
done

machine
echo "$(date -u +%F); lines in the ledger: $(cat "$dir"/ledger.jsonl* | wc -l); forwarded as:"
tail -n 100000 "$dir/ledger.jsonl" | grep -m1 '"forwarded"' || tail -n1 "$dir/ledger.jsonl"
echo
echo '| | requests/s a core | requests/s in the run | p50 | p99 |'
echo '|---|---|---|---|---|'
sort -t"$(printf '\t')" -k1,1n -k2,2nr "$best" | awk -F'\t' '!seen[$1]++ { print $3 }'

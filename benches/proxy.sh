#!/usr/bin/env bash
# Turns one page into a table: what one core serves of it through Consentry and through nginx, in one run.
#
# 1. The server that is measured has core 0; the load (wrk) and the origin (nginx, files from memory) have core 1.
# 2. "a core" divides by the server's own processor time, so a noisy machine and a busy load generator do not count.
# 3. Each row is the best of ROUNDS (3) runs of SECONDS_EACH (8) seconds, taken in turns; MB are of the page as it is without gzip.
# 4. "hosts left" counts four trackers' hosts in the page that arrives: what the row's work is worth.
#
# CORPUS names the folder of saved pages; without one a page of our own is measured.
set -u
source "$(dirname "$0")/proxy/servers.sh"
need nginx wrk curl taskset gzip awk

corpus=${CORPUS:-$root/../shared/corpus}
page=$corpus/pages/thehill.com-6ebac0.html
host=thehill.com
if [ ! -f "$page" ]; then
  echo "the saved page is skipped: there is no $page" >&2
  page=$dir/own.html host=shop.example
  for _ in $(seq 36); do cat "$root/benches/proxy/page.html"; done >"$page"
fi
cp "$page" "$dir/page.html"
gzip -6 -k "$dir/page.html"
size=$(stat -c %s "$dir/page.html")
ticks=$(getconf CLK_TCK)
best=$dir/best
: >"$best"

start_nginx 1 origin
answers "$origin"
start_nginx 0 nginx
answers "$plain"
nginx_worker=$(pgrep -P "$(cat "$dir/nginx.pid")")
off=$((port + 4)) enforce=$((port + 5))
start_consentry 0 "$off" --mode off
off_pid=$started
echo "$agreed" >"$dir/agreed.toml"
start_consentry 0 "$enforce" --config "$dir/agreed.toml"
enforce_pid=$started

cpu() { awk '{ print $14 + $15 }' <(sed 's/.*) //' "/proc/$1/stat" | sed 's/^/0 0 /'); }

# number, name, pid, port, headers: one run, noted in $best.
run() {
  local number=$1 name=$2 pid=$3 at=$4 headers=() out before after left
  shift 4
  for header; do headers+=(-H "$header"); done
  left=$(curl -s --compressed -H "Host: $host" "${headers[@]}" "http://127.0.0.1:$at/page.html" |
    grep -aoE 'www\.google-analytics\.com|connect\.facebook\.net|sb\.scorecardresearch\.com|www\.googletagservices\.com' | wc -l)
  before=$(cpu "$pid")
  out=$(taskset -c 1 wrk -t1 -c32 -d"${SECONDS_EACH:-8}"s --latency -H "Host: $host" "${headers[@]}" "http://127.0.0.1:$at/page.html")
  after=$(cpu "$pid")
  if grep -q 'Non-2xx\|Socket errors' <<<"$out"; then
    echo "$name: $(grep 'Non-2xx\|Socket errors' <<<"$out")" >&2
  fi
  awk -v number="$number" -v name="$name" -v spent=$((after - before)) -v ticks="$ticks" -v size="$size" -v left="$left" '
    / 50%/ { p50 = $2 } / 99%/ { p99 = $2 } / requests in / { requests = $1 } /Requests\/sec/ { rate = $2 }
    END { core = requests / (spent / ticks)
          printf "%d\t%.0f\t| %s | %.0f | %.0f | %.0f | %s | %s | %d |\n", number, core, name, core, core * size / 1e6, rate, p50, p99, left }
  ' <<<"$out" >>"$best"
}

gzip='Accept-Encoding: gzip'
browser='Accept-Encoding: gzip, deflate, br, zstd'
yes="Cookie: $consent"
for _ in $(seq "${ROUNDS:-3}"); do
  run 1 'plain: Pingora alone (`mode = "off"`)' "$off_pid" "$off"
  run 2 'plain: Consentry, no consent' "$enforce_pid" "$enforce"
  run 3 'plain: Consentry, full consent' "$enforce_pid" "$enforce" "$yes"
  run 4 'plain: nginx alone' "$nginx_worker" "$plain"
  run 5 'plain: nginx, `sub_filter`, 4 strings' "$nginx_worker" "$filter"
  run 6 'gzip: Pingora alone (`mode = "off"`)' "$off_pid" "$off" "$gzip"
  run 7 'gzip: Consentry, no consent' "$enforce_pid" "$enforce" "$gzip"
  run 8 'gzip in, zstd out (as browsers ask): Consentry, no consent' "$enforce_pid" "$enforce" "$browser"
  run 9 'gzip: Consentry, full consent' "$enforce_pid" "$enforce" "$gzip" "$yes"
  run 10 'gzip: nginx alone' "$nginx_worker" "$plain" "$gzip"
  run 11 'plain in, gzip out: nginx, `sub_filter`, 4 strings' "$nginx_worker" "$filter" "$gzip"
  run 12 'gzip: nginx, `sub_filter`, origin sends gzip: nothing is filtered' "$nginx_worker" "$unseen" "$gzip"
done

machine
echo "Page: $(basename "$page"), $size bytes, $(stat -c %s "$dir/page.html.gz") with gzip"
echo
echo '| | requests/s a core | MB/s a core | requests/s in the run | p50 | p99 | hosts left |'
echo '|---|---|---|---|---|---|---|'
sort -t"$(printf '\t')" -k1,1n -k2,2nr "$best" | awk -F'\t' '!seen[$1]++ { print $3 }'

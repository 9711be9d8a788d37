#!/usr/bin/env bash
# Turns one streamed page of 50 MB into a table: how much memory the proxy takes for each response at most.
#
# 1. Measured is the peak of resident memory (VmHWM) over what is resident before, divided by the responses at one time.
# 2. The page has tags and inline scripts of all sizes; each 2 MB one is longer than is held.
# 3. "slow" clients read 8 MB/s, so that what the proxy buffers for them is counted.
set -u
source "$(dirname "$0")/proxy/servers.sh"
need nginx curl gzip zstd awk

fill() {
  awk -v page="$(cat "$root/benches/proxy/page.html")" '
    # Text that compresses as pages do: five to one.
    function noise(n,  t) { for (t = ""; length(t) < n;) t = t sprintf("%08x ", int(rand() * 4294967295)); return t }
    function script(n,  t) {
      for (t = ""; length(t) < n;) t = t "a[" i "] = { name: \"" noise(16) "\", url: \"https://shop.example/" int(rand() * 1e6) "\" };\n"
      return "<script>" t "</script>"
    }
    BEGIN {
      srand(1)
      for (total = 0; total < 50e6; total += length(part)) {
        part = page "<p class=\"" noise(16) "\">" noise(900) "</p>"
        if (total - long > 2e6) { long = total; part = script(3e5) }
        else if (total - held > 2e5) { held = total; part = script(9e4) }
        printf "%s", part
      }
    }'
}
fill >"$dir/page.html"
gzip -1 -k "$dir/page.html"
zstd -q -3 "$dir/page.html" -o "$dir/page.html.zst"
echo "<p>small</p>" >"$dir/small.html"

start_nginx 0,1 origin
answers "$origin"

memory() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }

# number of clients, path, Accept-Encoding, options of curl: a row.
row() {
  local clients=$1 path=$2 accept=$3 limit=$4 before peak clientele=()
  shift 4
  start_consentry 0,1 "$((port + 4))"
  # Threads, pools and the catalogue's first use are not the response's.
  for _ in 1 2 3; do curl -s -o "$dir/first" -H "Accept-Encoding: $accept" "http://127.0.0.1:$((port + 4))/small.html"; done
  echo 5 >"/proc/$started/clear_refs"
  before=$(memory "$started" VmRSS)
  for _ in $(seq "$clients"); do
    curl -s --max-time 120 --limit-rate "$limit" -o /dev/null -w '%{http_code} %{size_download}\n' \
      -H "Accept-Encoding: $accept" "http://127.0.0.1:$((port + 4))/$path" >>"$dir/answers" &
    clientele+=($!)
  done
  wait "${clientele[@]}"
  peak=$(memory "$started" VmHWM)
  grep -qv '^200 [1-9]' "$dir/answers" && echo "not all was answered: $(sort "$dir/answers" | uniq -c)" >&2
  rm "$dir/answers"
  awk -v c="$clients" -v p="$path" -v a="$accept" -v l="$limit" -v before="$before" -v peak="$peak" 'BEGIN {
    from = p ~ /zst$/ ? "zstd" : a == "identity" ? "identity" : "gzip"
    sub(/.*, /, "", a)
    slow = l == "8M" ? ", slow" : ""
    printf "| %s to %s | %d%s | %.1f | %.1f | %.2f |\n", from, a, c, slow, before / 1024, peak / 1024, (peak - before) / 1024 / c }'
  kill "$started"
  wait "$started" 2>/dev/null
}

echo "Page: $(stat -c %s "$dir/page.html") bytes"
machine
echo
echo '| coding, in to out | clients at a time | resident before, MiB | at the peak, MiB | a response, MiB |'
echo '|---|---|---|---|---|'
for clients in 1 20; do
  row "$clients" page.html identity 1G
  row "$clients" page.html gzip 1G
  row "$clients" page.html "gzip, zstd" 1G
  row "$clients" page.html.zst zstd 1G
done
row 20 page.html identity 8M

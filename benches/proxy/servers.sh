# Starts and ends the servers that the measurements need; to be sourced. Everything listens on 127.0.0.1 and ends with the script.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${CONSENTRY:-${CARGO_TARGET_DIR:-$root/target}/release/consentry}
dir=$(mktemp -d)
chmod 755 "$dir"
port=${PORT:-18080}
origin=$port plain=$((port + 1)) filter=$((port + 2)) unseen=$((port + 3))
pids=()

finish() {
  kill "${pids[@]}" 2>/dev/null
  wait "${pids[@]}" 2>/dev/null
  rm -rf "$dir"
}
trap finish EXIT

need() {
  for tool; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is missing" >&2; exit 0; }
  done
  [ -x "$program" ] || { echo "skipped: there is no $program; run cargo build --release" >&2; exit 0; }
}

# core, name of the configuration: an nginx on that core.
start_nginx() {
  sed -e "s|@DIR@|$dir|g" -e "s|@ORIGIN@|$origin|g" -e "s|@PLAIN@|$plain|g" -e "s|@FILTER@|$filter|g" -e "s|@UNSEEN@|$unseen|g" \
    "$root/benches/proxy/$2.conf" >"$dir/$2.conf"
  taskset -c "$1" nginx -p "$dir" -e "$dir/$2.log" -c "$dir/$2.conf" &
  pids+=($!)
}

# cores, port, arguments: a Consentry there; its process is in $started.
start_consentry() {
  local cores=$1 at=$2
  shift 2
  RUST_LOG=warn taskset -c "$cores" "$program" serve --origin "http://127.0.0.1:$origin" --listen "127.0.0.1:$at" "$@" >"$dir/$at.log" 2>&1 &
  started=$!
  pids+=("$started")
  answers "$at"
}

answers() {
  for _ in $(seq 100); do
    curl -s -o "$dir/first" "http://127.0.0.1:$1/page.html" && return
    sleep 0.1
  done
  echo "nothing answers on port $1" >&2
  cat "$dir"/*.log >&2
  exit 1
}

# Everything is allowed, by a cookie of the site's own beside the banner: the banner's would need a signature.
consent="agreed=1"
agreed='[banner]
enabled = true
[consent]
rule = [{ cookie = "agreed", path = "", equals = "1", purpose = "functional" }, { cookie = "agreed", path = "", equals = "1", purpose = "analytics" }, { cookie = "agreed", path = "", equals = "1", purpose = "marketing" }]'

machine() {
  echo "$(nproc) cores, $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1), Linux $(uname -r)"
  echo "Consentry $(git -C "$root" rev-parse --short HEAD), $(nginx -v 2>&1 | sed 's|.*: ||'), load average $(cut -d' ' -f1-3 /proc/loadavg)"
}

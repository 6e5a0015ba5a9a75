#!/usr/bin/env bash
# Compares attack with wrk, ab, hey, siege and a bare C epoll loop: same server, same machine, one run, clients and server pinned to a core each.
# Reports, per client, the median over the rounds of: requests per second, processor time per request (whole process, start-up included), and both
# relative to wrk. An attack's start-up (runtime, warm-up) costs about 0.2 s of processor time: shorter runs look dearer. The server counts the requests, for all clients alike.
# What is paced is compared with wrk at its highest rate just before and just after, for a machine's pace changes within minutes; the table gives the median of these
# ratios, the least and the greatest. Against a server that never sleeps, and ("asleep") against one that does: waking its processor is charged to the client.
#
#   bench/attack/run.sh [rounds=4] [seconds=4] [connections=64] [paced-seconds=12]
set -euo pipefail
cd "$(dirname "$0")"
rounds=${1:-4} seconds=${2:-4} connections=${3:-64} paced=${4:-12} port=${PORT:-18080}
client_core=${CLIENT_CORE:-0} server_core=${SERVER_CORE:-1}
out=$(mktemp -d)
server=
finish() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$out"; }
trap finish EXIT

missing=
for tool in wrk hey ab siege; do command -v "$tool" >/dev/null || missing=yes; done
if [ -n "$missing" ]; then
    apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends wrk hey apache2-utils siege >/dev/null || echo "peers missing: some rows will be empty" >&2
fi
gcc -O2 -o "$out/server" server.c
gcc -O2 -o "$out/client" client.c
gcc -O2 -o "$out/least" least.c
# As docs/attack.md says for measurements: compiled ahead; else its start-up and the compiler's second pass are a part of a short attack.
dotnet publish ../../LoadTest -c Release --use-current-runtime -p:PublishReadyToRun=true -o "$out/attack" -v q >"$out/publish.log" || { cat "$out/publish.log"; exit 1; }
attack=$out/attack/LoadTest
echo "load before: $(cut -d' ' -f1-3 /proc/loadavg); $(nproc) cores"
url=http://127.0.0.1:$port/

# Siege reads its settings from a file only.
printf 'connection = close\nlogging = false\nverbose = false\njson_output = false\nlimit = 1000\nparser = false\n' > "$out/siegerc"

# In one line, hence one write: a second one would find the connection closed, and the answer would be lost to its reset.
count() {
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /count HTTP/1.1\n' >&3
    tail -n 1 <&3 2>/dev/null
    exec 3>&-
}
serve() { # [poll]: the server, instead of the one that runs
    [ -z "$server" ] || { kill "$server"; wait "$server" 2>/dev/null || true; }
    taskset -c "$server_core" "$out/server" "$port" "$@" & server=$!
    for _ in $(seq 50); do (count) >/dev/null 2>&1 && return; sleep 0.1; done
    echo "no server at port $port: choose another with PORT=" >&2
    exit 1
}

measure() { # name seconds command...: appends "name rate µs-per-request"
    local name=$1 length=$2 before after cpu
    shift 2
    before=$(count)
    cpu=$( { TIMEFORMAT='%U %S'; time taskset -c "$client_core" "$@" >"$out/$name.log" 2>&1; } 2>&1 ) || true
    after=$(count)
    # Of an attack also without its start-up, as it says itself.
    sed -n "s/^processor time per request \([0-9.]*\)µs.*/$name-running $(((after - before) / length)) \1/p" "$out/$name.log" >>"$out/results"
    echo "$name $(((after - before))) $length $cpu" | awk '{ n = $2 > 0 ? $2 : 1; printf "%s %.0f %.1f\n", $1, $2 / $3, ($4 + $5) * 1e6 / n }' >>"$out/results"
}

wrk() { measure "$1" "$2" "$(type -P wrk)" -t1 -c"$connections" -d"$2s" -H 'Connection: close' "$url"; }

last() { awk -v name="$1" '$1 == name { cpu = $3 } END { print cpu + 0 }' "$out/results"; } # processor time per request when NAME was last measured

beside_wrk() { # name seconds command...: measures between two runs of wrk, and appends "name ratio"; of an attack without its start-up
    local name=$1 before mine
    before=$(last wrk-beside)
    measure "$@"
    wrk wrk-beside 2
    mine=$(last "$name-running")
    [ "$mine" != 0 ] || mine=$(last "$name")
    awk -v n="$name" -v a="$mine" -v b="$before" -v c="$(last wrk-beside)" 'BEGIN { if (a * b * c > 0) print n, 2 * a / (b + c) }' >>"$out/ratios"
}

paced() { # rate suffix bursts...: attack without options, with each burst, and the least that a program can do, one by one and in pairs
    local rate=$1 suffix=$2 burst name
    shift 2
    for burst in 1 2; do beside_wrk "least-$rate-burst-$burst$suffix" 3 "$out/least" "$port" "$rate" 3 "$burst"; done
    beside_wrk "attack-$rate$suffix" "$paced" "$attack" attack "$url" --rate "$rate/s" --duration "${paced}s"
    for burst; do beside_wrk "attack-$rate-burst-$burst$suffix" "$paced" "$attack" attack "$url" --rate "$rate/s" --duration "${paced}s" --burst "$burst"; done
    for name in "attack-$rate$suffix" $(for burst; do echo "attack-$rate-burst-$burst$suffix"; done); do
        echo "$name: $(grep -hE '^started' "$out/$name.log"); $(awk '/generator late by/ { print "late p50 " $6 ", p99 " $8 ", max " $10 } /^service time/ { printf "service time p50 %s; ", $5 }' "$out/$name.log")"
    done
}

for _ in $(seq "$rounds"); do
    serve poll
    measure c-epoll "$seconds" "$out/client" "$port" "$connections" "$seconds"
    # As it is without options: client ports of its own choice, and the engine that suits the plan.
    measure attack "$seconds" "$attack" attack "$url" --rate infinity --max-in-flight "$connections" --duration "${seconds}s"
    for engine in ${ENGINES:-epoll io_uring sockets}; do
        measure "attack-$engine" "$seconds" "$attack" attack "$url" --rate infinity --max-in-flight "$connections" --duration "${seconds}s" --port-range kernel --engine "$engine"
    done
    wrk wrk "$seconds"
    measure ab "$seconds" ab -q -c "$connections" -t "$seconds" -n 100000000 "$url"
    measure hey "$seconds" hey -z "${seconds}s" -c "$connections" -cpus 1 -disable-keepalive "$url"
    measure siege "$seconds" siege -R "$out/siegerc" -q -b -c "$connections" -t "${seconds}S" "$url"
    wrk wrk-beside 2
    # Without options that is pairs at 1,000/s and single requests at 5,000/s; each also the other way.
    paced 1000 "" 1
    paced 5000 "" 2
    serve
    paced 1000 -asleep
    paced 5000 -asleep
done

names() { awk '!seen[$1]++ { print $1 }' "$1"; }
median() { awk -v name="$1" -v column="$2" '$1 == name { print $column }' "$out/results" | sort -n | awk '{ v[NR] = $1 } END { print NR ? (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) : 0 }'; }
wrk_rate=$(median wrk 2) wrk_cpu=$(median wrk 3)
printf '%-30s %12s %12s %14s %12s\n' client requests/s "÷ wrk's" "µs/request" "÷ wrk's"
names "$out/results" | while read -r name; do
    rate=$(median "$name" 2) cpu=$(median "$name" 3)
    awk -v n="$name" -v r="$rate" -v c="$cpu" -v wr="$wrk_rate" -v wc="$wrk_cpu" 'BEGIN { printf "%-30s %12.0f %12.2f %14.1f %12.2f\n", n, r, r / wr, c, c / wc }'
done
printf '%-30s %s\n' paced "processor time per request ÷ that of wrk just before and after: median (least to greatest)"
names "$out/ratios" | while read -r name; do
    awk -v name="$name" '$1 == name { print $2 }' "$out/ratios" | sort -n |
        awk -v n="$name" '{ v[NR] = $1 } END { printf "%-30s %.2f (%.2f to %.2f)\n", n, (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR] }'
done

#!/usr/bin/env bash
# Half a minute in the life of a few real processes, as the server sees them.
#   examples/demo.sh BIN_DIR      (./dev demo builds and calls it)
set -euo pipefail

bin=${1:?usage: demo.sh BIN_DIR}
work=$(mktemp -d)
server_pid=
pids=()

bold='' dim='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; fi

# Everything that was started here, and nothing else, is ended here.
cleanup() {
  trap - EXIT INT TERM
  local pid
  for pid in "${pids[@]}"; do
    kill -CONT "$pid" 2>/dev/null && kill -TERM "$pid" 2>/dev/null || true
  done
  [[ -z $server_pid ]] || kill -TERM "$server_pid" 2>/dev/null || true
  for pid in "${pids[@]}" $server_pid; do
    for _ in {1..30}; do
      kill -0 "$pid" 2>/dev/null || continue 2
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '%s\n' "$*"; }
# step COMMAND WHY: tells what is done before it is done.
step() {
  printf '\n%s$ %s%s   %s# %s%s\n' "$bold" "$1" "$plain" "$dim" "$2" "$plain"
  sleep 0.3
}
ended() { # ended PID: it is gone by our own hand
  local kept=() pid
  for pid in "${pids[@]}"; do [[ $pid == "$1" ]] || kept+=("$pid"); done
  pids=("${kept[@]}")
}
ctl() { "$bin/livenessctl" --server="$address" "$@"; }

# beat NAME ARG...: leaves the new process's id in $pid.
beat() {
  local name=$1
  shift
  "$bin/livenessctl" --server="$address" beat --id="$name" --interval=500ms --timeout=1500ms "$@" \
    >>"$work/$name.log" 2>&1 &
  pid=$!
  pids+=("$pid")
  # bash need not report how it ends: the server does.
  disown "$pid"
}

step "livenessd --listen=127.0.0.1:0 --http-listen=127.0.0.1:0 --resume-grace=2s" "the server, on free ports"
# A busy machine starts the server's shell late: what is read below is there before that.
: >"$work/livenessd.out"
"$bin/livenessd" --listen=127.0.0.1:0 --http-listen=127.0.0.1:0 --resume-grace=2s --data-dir="$work/data" \
  >"$work/livenessd.out" 2>"$work/livenessd.log" &
server_pid=$!
disown "$server_pid"
address= http=
for _ in {1..100}; do
  address=$(sed -n 's/^listening on //p' "$work/livenessd.out")
  http=$(sed -n 's/^http on //p' "$work/livenessd.out")
  [[ -z $address || -z $http ]] || break
  kill -0 "$server_pid" 2>/dev/null || break
  sleep 0.1
done
if [[ -z $address || -z $http ]]; then
  cat "$work/livenessd.out" "$work/livenessd.log" >&2
  say "demo: livenessd did not start" >&2
  exit 1
fi
say "listening on $address"
say "dashboard at ${bold}http://$http/${plain}"

step "livenessctl watch" "every change from here on is told by the server"
# Not through ctl(): of a function in the background $! is a subshell of ours.
"$bin/livenessctl" --server="$address" watch </dev/null &
watch_pid=$!
pids+=("$watch_pid")
disown "$watch_pid"
sleep 1

step "livenessctl beat --id=orders --interval=500ms --timeout=1500ms" "four processes appear"
beat orders --label=team=shop
orders=$pid
beat payments --label=team=shop
payments=$pid
beat search --label=team=find
search=$pid
beat inventory --label=team=find
inventory=$pid
step "liveness-example billing team=shop" "and one that uses the client library (examples/)"
LIVENESS_SERVER=$address "$bin/liveness-example" billing team=shop </dev/null >>"$work/billing.log" 2>&1 &
pids+=($!)
disown $!
sleep 1.5
step "livenessctl list" "all live"
ctl list
sleep 2

step "kill -9 $payments" "payments crashes: suspected within milliseconds, given up when it does not come back within the grace"
kill -KILL "$payments"
ended "$payments"
sleep 4

step "kill -STOP $inventory" "inventory hangs, and is awake again before it is given up"
kill -STOP "$inventory"
sleep 2.2
step "kill -CONT $inventory" "it refutes the suspicion: same incarnation"
kill -CONT "$inventory"
sleep 2

step "kill -STOP $search" "search hangs for good: silence, then a verdict"
kill -STOP "$search"
sleep 5
step "kill -TERM $orders" "orders says goodbye"
kill -TERM "$orders"
ended "$orders"
sleep 2

step "livenessctl beat --id=report -- sh -c 'sleep 2; kill -SEGV \$\$'" \
  "a command that segfaults: no goodbye, but a death with its signal"
beat report -- sh -c 'sleep 2; kill -SEGV $$'
sleep 4

step "kill -CONT $search" "search wakes up, learns that it was declared dead, and begins anew"
kill -CONT "$search"
step "livenessctl beat --id=payments" "payments is restarted: a new incarnation too"
beat payments --label=team=shop
sleep 3

step "livenessctl list" "what is left, and why the others are gone"
kill -TERM "$watch_pid" 2>/dev/null || true
ended "$watch_pid"
ctl list
step "livenessctl list --filter='labels.team = find' -o name" "the same, asked differently"
ctl list --filter='labels.team = find' -o name
step "livenessctl get report" "one of them, with the evidence"
ctl get report

say
say "That was it. The same by hand: $bin/livenessd, then $bin/livenessctl --help."
if [[ -t 0 && -t 1 ]]; then
  say "It all goes on, to be looked at: ${bold}http://$http/${plain}   Ctrl-C ends it."
  while kill -0 "$server_pid" 2>/dev/null; do sleep 1; done
fi

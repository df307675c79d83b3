#!/bin/bash
# A service of docker-compose.yml with a fate, repeated until the container is stopped:
#   service.sh NAME killed | paused | restarted
set -u
name=$1 fate=$2
child=

# Told to stop: the service says goodbye, then we go.
stop() {
  [[ -z $child ]] || { kill -CONT "$child"; kill -TERM "$child"; wait "$child"; } 2>/dev/null
  exit 0
}
trap stop TERM INT

start() {
  case $fate in
    restarted) liveness-example "$name" fate="$fate" >/dev/null & ;;
    *) livenessctl beat --id="$name" --interval=1s --timeout=3s --label=fate="$fate" --quiet & ;;
  esac
  child=$!
}
# A wait that a signal can cut short: the trap runs at once.
pause() {
  sleep "$1" &
  wait $!
}

start
while true; do
  pause 12
  case $fate in
    killed) # its kernel closes the connection: found in milliseconds
      echo "\$ kill -9 $name"
      kill -KILL "$child"
      wait "$child" 2>/dev/null
      pause 8
      start
      ;;
    paused) # 3 s of silence and 1 s of grace: given up; woken, it begins anew
      echo "\$ kill -STOP $name"
      kill -STOP "$child"
      pause 8
      echo "\$ kill -CONT $name"
      kill -CONT "$child"
      ;;
    restarted) # says goodbye, so nobody is alarmed
      echo "\$ kill -TERM $name"
      kill -TERM "$child"
      wait "$child"
      pause 4
      start
      ;;
  esac
done

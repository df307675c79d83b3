# A bare container that runs systemd, for tests/deb/lifecycle. Sourced, under `set -euo pipefail`.
#
#   open_box PACKAGES    starts it; PACKAGES is /packages there. It is removed at the end
#   in_box COMMAND...    runs it there, as root
#   eventually SECONDS WHAT COMMAND...   asks again and again

skip() { printf 'SKIPPED: %s\n' "$*"; exit 0; }
fail() {
  printf 'FAILED: %s\n' "$*"
  in_box systemctl status --no-pager --lines=20 livenessd || true
  exit 1
}

need_engine() {
  command -v docker >/dev/null || skip "there is no docker command here, so nothing is installed"
  docker info >/dev/null 2>&1 || skip "no Docker engine answers here, so nothing is installed"
}

in_box() { docker exec --interactive "$box" "$@"; }

close_box() {
  docker rm --force --volumes "$box" >/dev/null 2>&1 || true
  docker rmi --force "$image" >/dev/null 2>&1 || true
  rm -f "$log"
}

# systemd wants to make control groups and mounts; what the unit is not to have, it is given without.
open_box() {
  image=liveness-deb-$$ box=liveness-deb-$$ log=$(mktemp)
  trap close_box EXIT
  trap 'exit 130' INT TERM
  docker build --tag "$image" tests/deb >"$log" 2>&1 || { tail -20 "$log"; echo "FAILED: docker build"; exit 1; }
  docker run --detach --name "$box" --hostname box --tty --cap-add SYS_ADMIN --security-opt seccomp=unconfined \
    --security-opt apparmor=unconfined --cgroupns host --tmpfs /run --tmpfs /run/lock --tmpfs /tmp \
    --volume /sys/fs/cgroup:/sys/fs/cgroup:rw --volume "$(realpath "$1"):/packages:ro" \
    "$image" /lib/systemd/systemd >"$log" 2>&1 || { cat "$log"; skip "systemd cannot be the first process of a container here"; }
  for _ in {1..30}; do
    [[ $(in_box systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]] && return
    sleep 1
  done
  skip "systemd does not come up in a container here"
}

eventually() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "not within the time given: $what"
    sleep 0.5
  done
  echo "deb: $what"
}

# What the tests of the compose files share: an engine, images, a project of their own.
# Sourced from the root of the project, by scripts under `set -euo pipefail`.
#
#   open_project NAME FILE   `compose ...` then speaks of FILE; what it made is removed at the end
#   close_project            the same now, and it fails if anything is left

skip() { printf 'SKIPPED: %s\n' "$*"; exit 0; }

need_engine() {
  command -v docker >/dev/null || skip "there is no docker command here"
  docker info >/dev/null 2>&1 || skip "no Docker engine answers here"
  if docker compose version >/dev/null 2>&1; then
    compose_command=(docker compose)
  elif command -v docker-compose >/dev/null; then
    compose_command=(docker-compose)
  else
    skip "neither docker-compose nor docker compose is here"
  fi
}

compose() { "${compose_command[@]}" --project-name "$project" --project-directory . --file "$file" "$@"; }

fail() {
  printf 'FAILED: %s\n' "$*"
  compose ps || true
  compose logs --no-color --tail=60 || true
  exit 1
}

# The images are tests/e2e/run's, which removes them; the engine's build cache stays.
open_project() {
  : "${LIVENESS_IMAGE:?tests/e2e/run makes the images and starts this}" "${LIVENESS_ETCD_IMAGE:?}"
  need_engine
  project=liveness-e2e-$1-$$ file=$2
  # So that nobody's port is in the way.
  export LIVENESS_PORT=0 LIVENESS_HTTP_PORT=0 LIVENESS_PROMETHEUS_PORT=0 LIVENESS_PORT_1=0 LIVENESS_PORT_2=0 LIVENESS_PORT_3=0
  log=$(mktemp)
  trap take_down EXIT
  trap 'exit 130' INT TERM
  echo "$1: up"
  compose up -d --no-build >"$log" 2>&1 || { cat "$log"; fail "it does not come up"; }
}

take_down() {
  trap - EXIT
  compose down --volumes --remove-orphans --timeout 10 >/dev/null 2>&1 || true
  rm -f "$log"
}

close_project() {
  take_down
  local left
  left=$(docker ps -aq --filter "label=com.docker.compose.project=$project"
    docker network ls -q --filter "label=com.docker.compose.project=$project"
    docker volume ls -q --filter "label=com.docker.compose.project=$project")
  [[ -z $left ]] || { echo "FAILED: left behind: $left"; exit 1; }
}

# eventually SECONDS WHAT COMMAND...: asks again and again.
eventually() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "not within the time given: $what"
    sleep 1
  done
  echo "compose: $what"
}

# said REGEX: true if `watch` has printed such a line.
said() {
  compose logs --no-color watch 2>/dev/null >"$log" && grep -Eq -- "$1" "$log"
}

# confined: no container of the project may write to its image, has a right that its user has not (but to give files away,
# and the like, where it ends at once), or takes more memory than it was given.
confined() {
  local container name word
  for container in $(compose ps -q); do
    read -r name word < <(docker inspect --format \
      '{{.Name}} {{.HostConfig.ReadonlyRootfs}}/{{.HostConfig.CapDrop}}/{{.HostConfig.SecurityOpt}}/{{.HostConfig.Memory}}' \
      "$container")
    [[ $word =~ ^true/\[(CAP_)?ALL\]/\[no-new-privileges:true\]/[1-9][0-9]+$ ]] || fail "$name is not confined: $word"
  done
  echo "compose: every container is confined"
}

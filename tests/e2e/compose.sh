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
  log=$(mktemp) authority=$(mktemp)
  trap take_down EXIT
  trap 'exit 130' INT TERM
  echo "$1: up"
  compose up -d --no-build >"$log" 2>&1 || { cat "$log"; fail "it does not come up"; }
}

take_down() {
  trap - EXIT
  compose down --volumes --remove-orphans --timeout 10 >/dev/null 2>&1 || true
  rm -f "$log" "$authority"
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

# ask SERVER ARG...: livenessctl in that server's container, where it is an operator.
ask() { compose exec -T "$1" livenessctl "${@:2}"; }
# field SERVER ID NAME: of a client, as that server shows it.
field() { ask "$1" get "$2" -o json | sed -n "s/^ *\"$3\": \"\{0,1\}\([^\",]*\).*/\1/p" | head -n 1; }

# outsider COMMAND: what somebody gets in the network of the project who has the authority's certificate, which is no
# secret, in /tmp/ca.crt, and nothing else.
outsider() { docker run --rm -i --network "${project}_default" "$LIVENESS_IMAGE" bash -c "cat >/tmp/ca.crt; $1" <"$authority"; }
# refuses WORD COMMAND...: it fails, and says that.
refuses() {
  ! "${@:2}" >"$log" 2>&1 || { cat "$log"; fail "not refused: ${*:2}"; }
  grep -q -- "$1" "$log" || { cat "$log"; fail "no word of $1: ${*:2}"; }
}

# closed SERVER: it lets in those of the project, each as itself. (`orders`, `billing` and `watch` are there.)
closed() {
  local server=$1 before tls="livenessctl --server=$1:7700 --tls-ca=/tmp/ca.crt"
  compose exec -T "$server" cat /pki/ca.crt >"$authority"
  before=$(field "$server" orders incarnation)
  refuses 'cannot reach' outsider "livenessctl --server=$server:7700 list"
  refuses NOT_AUTHENTICATED outsider "$tls list"
  refuses NOT_AUTHENTICATED outsider "timeout 5 $tls beat --id=orders"
  refuses 'does it trust your certificate' outsider "
    bash /usr/local/share/liveness/pki.sh /tmp/own client orders
    $tls --tls-cert=/tmp/own/orders.crt --tls-key=/tmp/own/orders.key list"
  refuses PRINCIPAL_MISMATCH compose exec -T billing livenessctl beat --id=orders
  refuses NOT_ALLOWED compose exec -T billing livenessctl evict orders
  refuses NOT_ALLOWED compose exec -T watch timeout 5 livenessctl beat --id=another
  [[ $(field "$server" orders state) == STATE_ALIVE ]] || fail "orders is not ALIVE"
  [[ -n $before && $(field "$server" orders incarnation) == "$before" ]] || fail "orders began a new session"
  [[ $(field "$server" orders principal) == spiffe://liveness/orders ]] || fail "orders is not itself"
  local readable
  readable=$(compose exec -T orders find /pki -type f -perm /o=rwx)
  [[ -z $readable ]] || fail "anybody reads $readable"
  refuses 'Read-only file system' compose exec -T --user root orders touch /pki/x
  echo "compose: who is not known here gets nothing, and nobody is another"
}

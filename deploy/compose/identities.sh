#!/bin/bash
# Who is who in the demos: certificates and tokens, made at the first start into volumes, one for each container, which
# mounts nobody else's.
#   identities.sh make SERVER...      what is not there yet or ends within a month; SERVER: the name of a server's host
#   identities.sh revoke CLIENT...    from then on it is refused, and what it has open ends
#
# /authority             no other container's: the authority with all that it signed, and the operator's token
# /pki/server            ca.crt tls.crt tls.key crl.pem tokens.toml hook.key    for livenessd
# /pki/clients/CLIENT    ca.crt tls.crt tls.key     for who beats, as spiffe://liveness/CLIENT
# /pki/viewers/VIEWER    ca.crt token               for who looks on, as token:VIEWER
# /pki/receiver          ca.crt hook.key            for who is told by the hook, and verifies that it was livenessd
set -euo pipefail
shopt -s nullglob
umask 077
cd /authority
verb=$1
shift

pki() { DAYS=365 bash /usr/local/share/liveness/pki.sh /authority "$@" >/dev/null; }

# holds NAME: its certificate is there, for a month at least. If not, there is room for a new one.
holds() {
  openssl x509 -in "$1.crt" -noout -checkend 2592000 >/dev/null 2>&1 && return
  rm -f "$1.crt" "$1.key"
  return 1
}

# token NAME ROLES: NAME.token, and what a server is to have of it.
token() {
  [[ ! -e $1.token ]] || return 0
  rm -f "$1.hash"
  livenessctl token new "$1" --role="$2" --file="$1.hash" >token.new
  mv token.new "$1.token"
}

# give FILE TO: a copy for the containers, whose group is livenessd. In one step, because they read it at any moment.
give() {
  [[ -d ${2%/*} ]] || return 0
  rm -f "$2.new"
  cp "$1" "$2.new"
  chgrp livenessd "$2.new"
  chmod 440 "$2.new"
  mv -f "$2.new" "$2"
}

case $verb in
  make)
    holds server || pki server "$@" localhost 127.0.0.1
    for dir in /pki/clients/*/; do
      id=$(basename "$dir")
      holds "$id" || pki client "$id"
      give "$id.crt" "$dir/tls.crt"
      give "$id.key" "$dir/tls.key"
    done
    for dir in /pki/viewers/*/; do
      name=$(basename "$dir")
      token "$name" view
      give "$name.token" "$dir/token"
    done
    token ops view,admin
    [[ -e hook.key ]] || { printf 'whsec_%s\n' "$(openssl rand -base64 32)" >hook.new && mv hook.new hook.key; }
    cat ./*.hash >tokens.toml

    give server.crt /pki/server/tls.crt
    give server.key /pki/server/tls.key
    give tokens.toml /pki/server/tokens.toml
    give crl.pem /pki/server/crl.pem
    for dir in /pki/server /pki/receiver; do give hook.key "$dir/hook.key"; done
    for dir in /pki/server /pki/receiver /pki/*/*/; do give ca.crt "$dir/ca.crt"; done
    echo "the operator's token, for the dashboard and livenessctl: $(cat ops.token)"
    ;;
  revoke)
    pki revoke "$@"
    give crl.pem /pki/server/crl.pem
    echo "revoked: $*"
    ;;
  *)
    echo "usage: make SERVER... | revoke CLIENT..." >&2
    exit 2
    ;;
esac

#!/usr/bin/env bash
# An authority of your own, and certificates for a server and its clients, by OpenSSL: for a first installation, and
# to try TLS. Where there is an authority already (Vault, step-ca, cert-manager, SPIRE), use that.
#
#   pki.sh DIR server NAME...     DIR/server.crt and server.key, for these host names and addresses
#   pki.sh DIR client ID...       DIR/ID.crt and ID.key, each for spiffe://TRUST_DOMAIN/ID
#   pki.sh DIR revoke ID...       DIR/crl.pem, for --tls-crl, with these beside what it had
#
# The first call makes the authority, DIR/ca.crt and DIR/ca.key, and a crl.pem that is empty. ca.key signs everybody: keep it off the servers.
# TRUST_DOMAIN: default `liveness`. DAYS: how long certificates hold, default 90.
set -euo pipefail

die() { printf 'pki.sh: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '5,7s/^#   /usage: /p' "$0" >&2; exit 2; }

(($# >= 3)) || usage
dir=$1 verb=$2
shift 2
domain=${TRUST_DOMAIN:-liveness}
days=${DAYS:-90}
umask 077
mkdir -p "$dir"
cd "$dir"

ec=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
if [[ ! -e ca.key ]]; then
  openssl req -x509 "${ec[@]}" -days 3650 -subj "/CN=$domain authority" -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout ca.key -out ca.crt 2>/dev/null
fi

# ca FLAG...: `openssl ca`, which remembers in index.txt whom it revoked.
ca() {
  openssl ca -cert ca.crt -keyfile ca.key "$@" 2>/dev/null -config <(
    printf '[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=3650\n')
}
# In one step, because a server may read it at any moment.
make_crl() { ca -gencrl -out crl.new && mv crl.new crl.pem; }

if [[ ! -e index.txt ]]; then
  : >index.txt
  echo 01 >crlnumber
  make_crl
fi

# issue NAME SUBJECT_ALT_NAMES USAGE
issue() {
  [[ ! -e $1.crt ]] || die "$dir/$1.crt is there already"
  openssl req "${ec[@]}" -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -out "$1.crt" -extfile <(
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' \
      "$3" "$2") 2>/dev/null
  rm -f "$1.csr"
  echo "$dir/$1.crt"
}

case $verb in
  server)
    names=
    for name; do
      [[ $name =~ ^[0-9.]+$|: ]] && names+=,IP:$name || names+=,DNS:$name
    done
    issue server "${names#,}" serverAuth
    ;;
  client)
    for id; do
      [[ $id =~ ^[A-Za-z0-9._-]+$ && $id != . && $id != .. ]] || die "$id: letters, digits, ., - and _"
      issue "$id" "URI:spiffe://$domain/$id" clientAuth
    done
    ;;
  revoke)
    for id; do
      [[ -e $id.crt ]] || die "$dir/$id.crt is not there"
      ca -revoke "$id.crt" || die "$id is revoked already"
    done
    make_crl
    echo "$dir/crl.pem"
    ;;
  *) usage ;;
esac

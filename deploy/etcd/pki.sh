#!/bin/sh
# Certificates and secrets of a demo's cluster, once: they stay as long as its volumes do.
#   pki.sh MEMBER...
# /pki/etcd is for the members: their certificate (one for all of them, and for each other), its key, the key that
# signs etcd's tokens, and root's password. /pki/server is for livenessd: whom to trust, and its user's password.
set -eu
server_user=64700  # livenessd's, in its own image
[ ! -e /pki/server/password ] || exit 0
umask 077
cd /pki/etcd

names=DNS:localhost
for member; do names=$names,DNS:$member; done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj /CN=etcd-demo-ca \
  -keyout ca.key -out ca.crt 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=etcd-member -keyout member.key -out member.csr \
  2>/dev/null
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n' "$names" >member.ext
openssl x509 -req -in member.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile member.ext \
  -out member.crt 2>/dev/null
# Nobody is to sign another one with it.
rm -f ca.key ca.srl member.csr member.ext
openssl genrsa -out token.key 2048 2>/dev/null
openssl rsa -in token.key -pubout -out token.pub 2>/dev/null
openssl rand -hex 24 >root-password
cp ca.crt /pki/server/
openssl rand -hex 24 >/pki/server/password.new

# The directories last: once they are given away they are closed to this user too.
chown etcd:etcd ./* /pki/etcd
chown "$server_user:$server_user" /pki/server/*
mv /pki/server/password.new /pki/server/password
chown "$server_user:$server_user" /pki/server

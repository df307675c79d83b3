#!/bin/sh
# Users of etcd, once: root, and `liveness`, which may read and write below /liveness/ and nothing else. From then on
# nobody is let in without a password.
#   users.sh ENDPOINT,...
set -eu
export ETCDCTL_ENDPOINTS="$1" ETCDCTL_CACERT=/pki/etcd/ca.crt
root=root:$(cat /pki/etcd/root-password)

tries=60
until etcdctl endpoint health >/dev/null 2>&1 || etcdctl --user="$root" user get liveness >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo "etcd does not answer"; exit 1; }
  sleep 1
done
if etcdctl --user="$root" user get liveness >/dev/null 2>&1; then
  echo "the users are there"
  exit 0
fi
# have KIND NAME: it is there, as after a start that was cut short.
have() { etcdctl "$1" get "$2" >/dev/null 2>&1; }
have role liveness || etcdctl role add liveness
etcdctl role grant-permission liveness readwrite --prefix=true /liveness/
have user liveness || etcdctl user add --interactive=false liveness </pki/server/password
etcdctl user grant-role liveness liveness
have user root || etcdctl user add --interactive=false root </pki/etcd/root-password
etcdctl user grant-role root root
etcdctl auth enable

#!/bin/sh
# An etcd member that is named as its host; ETCD_INITIAL_CLUSTER names all of them, and /pki has what pki.sh made.
# The settings are those of docs/cluster.md.
name=$(hostname)
exec etcd --name="$name" --data-dir=/var/lib/etcd \
  --listen-client-urls=https://0.0.0.0:2379 --advertise-client-urls="https://$name:2379" \
  --cert-file=/pki/member.crt --key-file=/pki/member.key \
  --listen-peer-urls=https://0.0.0.0:2380 --initial-advertise-peer-urls="https://$name:2380" \
  --peer-cert-file=/pki/member.crt --peer-key-file=/pki/member.key \
  --peer-trusted-ca-file=/pki/ca.crt --peer-client-cert-auth \
  --auth-token=jwt,pub-key=/pki/token.pub,priv-key=/pki/token.key,sign-method=RS256,ttl=10m \
  --auto-compaction-mode=periodic --auto-compaction-retention=1h --quota-backend-bytes=4294967296

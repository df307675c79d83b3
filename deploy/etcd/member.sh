#!/bin/sh
# An etcd member that is named as its host; ETCD_INITIAL_CLUSTER names all of them.
# The settings are those of docs/cluster.md.
name=$(hostname)
exec etcd --name="$name" --data-dir=/var/lib/etcd \
  --listen-client-urls=http://0.0.0.0:2379 --advertise-client-urls="http://$name:2379" \
  --listen-peer-urls=http://0.0.0.0:2380 --initial-advertise-peer-urls="http://$name:2380" \
  --auto-compaction-mode=periodic --auto-compaction-retention=1h --quota-backend-bytes=4294967296

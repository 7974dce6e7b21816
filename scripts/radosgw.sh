#!/usr/bin/env bash
# Runs a command beside an object store of its own: Ceph's radosgw with one monitor and one disk in memory, on loopback.
#
#   scripts/radosgw.sh npx mocha test/unit/blocks/s3BlockStore.test.ts
#
# The command finds a bucket in SURFSTORE_TEST_BLOCKS, as for --blocks, and its credentials in AWS_*. Everything is gone
# when it ends. Needs the packages radosgw, ceph-mon, ceph-osd and ceph-common of Debian; exit code 3 without them.
set -euo pipefail

if [ $# -eq 0 ]; then
  echo 'usage: scripts/radosgw.sh COMMAND...' >&2
  exit 2
fi
for program in radosgw radosgw-admin ceph-mon ceph-osd ceph ceph-authtool monmaptool; do
  if ! command -v "$program" >/dev/null; then
    echo "skipped: $program is not installed (apt-get install radosgw ceph-mon ceph-osd ceph-common)" >&2
    exit 3
  fi
done

dir=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap finish EXIT

freePort() {
  node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# Waits until a command succeeds, for at most a minute.
await() {
  local what=$1
  shift
  for _ in $(seq 60); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.5
  done
  echo "radosgw.sh: not within a minute: $what; its logs:" >&2
  tail -n 5 "$dir"/*.log >&2
  exit 1
}

monitor=$(freePort)
gateway=$(freePort)
fsid=$(node -p 'crypto.randomUUID()')
disk=$(node -p 'crypto.randomUUID()')
cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $fsid
mon_host = v2:127.0.0.1:$monitor
public_addr = 127.0.0.1
run_dir = $dir
admin_socket = $dir/\$name.asok
mon_data = $dir/mon
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = 8589934592
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
log_file =
log_to_stderr = true
err_to_stderr = true
keyring = $dir/keyring
[osd]
keyring = $dir/osd/keyring
CONF
export CEPH_CONF="$dir/ceph.conf"

mkdir "$dir/mon" "$dir/osd"
{
  ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool "$dir/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$monitor]" "$dir/monmap"
  ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring"
} >"$dir/mkfs.log" 2>&1
ceph-mon -f -i a --public-addr "v2:127.0.0.1:$monitor" >"$dir/mon.log" 2>&1 &
pids+=($!)
await 'the monitor' timeout 5 ceph -s
timeout 30 ceph osd new "$disk" >/dev/null
timeout 30 ceph auth get-or-create osd.0 mon 'allow profile osd' osd 'allow *' -o "$dir/osd/keyring"
ceph-osd --mkfs -i 0 --osd-uuid "$disk" >>"$dir/mkfs.log" 2>&1
ceph-osd -f -i 0 >"$dir/osd.log" 2>&1 &
pids+=($!)
await 'the disk' sh -c 'timeout 5 ceph osd stat | grep -q "1 up"'
radosgw -f -n client.admin --rgw_frontends "beast endpoint=127.0.0.1:$gateway" >"$dir/gateway.log" 2>&1 &
pids+=($!)
await 'the gateway' curl -s -o /dev/null "http://127.0.0.1:$gateway/"

export AWS_ACCESS_KEY_ID=surfstore AWS_SECRET_ACCESS_KEY=surfstore-secret
radosgw-admin user create --uid=surfstore --display-name=surfstore \
  --access-key="$AWS_ACCESS_KEY_ID" --secret="$AWS_SECRET_ACCESS_KEY" >"$dir/user.log" 2>&1
export SURFSTORE_TEST_BLOCKS="s3://blocks/test?endpoint=http://127.0.0.1:$gateway"
cd "$(dirname "$0")/.."
node --input-type=module -e "
  import { S3mini } from 's3mini';
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  await new S3mini({ endpoint: 'http://127.0.0.1:$gateway/blocks', region: 'default', accessKeyId, secretAccessKey }).createBucket();
"
"$@"

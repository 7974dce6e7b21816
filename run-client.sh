#!/bin/sh
# Makes a folder and the store equal, once: the client of the course, see docs/sync.md. Installs and builds first when
# needed.

if [ -z "${BASH_VERSION-}" ]; then
  if command -v bash >/dev/null; then exec bash "$0" "$@"; fi
  echo 'surfstore: this script needs bash: install it (Alpine Linux: apk add bash), then start again' >&2
  exit 1
fi

set -eu

usage='usage: run-client.sh HOST:PORT BASEDIR BLOCKSIZE [flags...]
  HOST:PORT  any server of the cluster; the client finds the leader. Or a cluster file
  BASEDIR    the folder that is synced
  BLOCKSIZE  bytes of a block, such as 4096
  flags      are passed on to `surfstore sync`; run-client.sh HOST:PORT BASEDIR BLOCKSIZE --help lists them'

case ${1-} in
  -h | --help)
    printf '%s\n' "$usage"
    exit 0
    ;;
esac
if [ $# -lt 3 ]; then
  printf '%s\n' "$usage" >&2
  exit 2
fi

self=${BASH_SOURCE[0]}
while [ -L "$self" ]; do
  target=$(readlink -- "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname -- "$self")/$target ;;
  esac
done
root=$(CDPATH='' cd -P -- "$(dirname -- "$self")" && pwd)

. "$root/scripts/node.sh"
require_node
. "$root/scripts/build.sh"
ensure_ready

exec node "$root/dist/src/cli/main.js" sync "$@"

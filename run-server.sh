#!/bin/sh
# Starts one server of a cluster file, or all of them, on this machine. Installs and builds first when needed.
# The process becomes the server: its pid and the signals sent to it are the server's.

if [ -z "${BASH_VERSION-}" ]; then
  if command -v bash >/dev/null; then exec bash "$0" "$@"; fi
  echo 'surfstore: this script needs bash: install it (Alpine Linux: apk add bash), then start again' >&2
  exit 1
fi

set -eu

usage='usage: run-server.sh CONFIG ID|all [flags...]
  CONFIG  the cluster file: "M: N", then one "metadataI: host:port" line for each server
  ID      which server of the file to start, 0 to N-1; "all" starts every one of them on this machine
  flags   are passed on to the server; run-server.sh CONFIG ID --help lists them'

case ${1-} in
  -h | --help)
    printf '%s\n' "$usage"
    exit 0
    ;;
esac
if [ $# -lt 2 ]; then
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

# Node raises the limit as far as it may be raised by itself.
files=$(ulimit -H -n)
if [ "$files" != unlimited ] && [ "$files" -lt 256 ]; then
  echo "surfstore: a process may have only $files files and connections open here: raise the limit with" \
    '`ulimit -n 1024` (at least 256), then start again' >&2
  exit 1
fi

# Node gives every signal its default meaning; so that `nohup` means what it says, the server is told.
case $(trap -p HUP) in
  "trap -- '' "*) export SURFSTORE_NOHUP=1 ;;
esac

. "$root/scripts/build.sh"
ensure_ready

config=$1
id=$2
shift 2
if [ "$id" = all ]; then
  exec node "$root/dist/src/cli/main.js" cluster "$config" "$@"
else
  exec node "$root/dist/src/cli/main.js" server "$config" "$id" "$@"
fi

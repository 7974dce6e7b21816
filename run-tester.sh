#!/usr/bin/env bash
# Grades a server of the assignment, whoever wrote it. Installs and builds first when needed.

set -eu

usage='usage: run-tester.sh --start LINE [--cwd DIR] [flags...]
  LINE   how one server is started, with {config} and {id} in it:
         ./run-tester.sh --cwd ~/my-project --start '"'"'python3 server.py {config} {id}'"'"'
  flags  run-tester.sh --help lists them; docs/for-students.md and docs/grading.md tell more'

if [ $# -eq 0 ]; then
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

version=$(node --version 2>/dev/null) || version=none
case $version in
  v2[0-9].* | v[3-9][0-9].*) ;;
  *)
    echo "surfstore: node is $version: install Node.js 20.15 or newer" >&2
    exit 1
    ;;
esac

. "$root/scripts/build.sh"
ensure_ready
exec node "$root/dist/chaos/grade/main.js" "$@"

#!/usr/bin/env bash
# Brings node_modules/ and dist/ up to date with the sources, once, however many processes ask at the same moment.
#
#   bash scripts/build.sh     (npm run build) compiles when a source is newer than dist/
#   . scripts/build.sh        (run-server.sh) defines `ensure_ready`, which installs the packages too
#
# dist/.stamp carries the moment at which the last build began. A build is current when no source, and no folder of
# sources (a deleted file changes its folder), is newer. The compiler writes to a folder of its own, which then takes
# the place of dist/ by rename: nobody ever runs half a build, and a deleted source leaves nothing behind.

set -eu

build_root=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
dist="$build_root/dist"
fresh="$build_root/.dist-new"
output="$build_root/.build.log"
lock_folder="$build_root/.dist-lock"
worker=''
sources=(
  "$build_root/src"
  "$build_root/chaos"
  "$build_root/package.json"
  "$build_root/package-lock.json"
  "$build_root/tsconfig.json"
  "$build_root/tsconfig.build.json"
  "$build_root/scripts/build.sh"
  "$build_root/scripts/bundle.mjs"
  "$build_root/scripts/bundleProgram.mjs"
)

say() {
  printf 'surfstore: %s\n' "$*" >&2
}

die() {
  say "$*"
  exit 1
}

packages_current() {
  [ ! "$build_root/node_modules/.package-lock.json" -ot "$build_root/package-lock.json" ]
}

build_current() {
  [ -f "$dist/.stamp" ] && [ -f "$dist/src/cli/main.js" ] &&
    [ -z "$(find "${sources[@]}" -newer "$dist/.stamp" -print -quit)" ]
}

# The lock ends with its holder: with the last descriptor in the case of flock(1), by the holder's pid where there is
# no such command. The packages' installer and the compiler inherit the descriptor on purpose: should this shell be
# killed outright, the next one waits until they have stopped writing. Descriptor 9 is closed before a server starts.
take_lock() {
  [ -w "$build_root" ] || die "cannot install or build: $build_root is not writable by this user"
  if command -v flock >/dev/null; then
    exec 9>"$build_root/.install.lock"
    flock 9
  else
    mkdir -p "$lock_folder"
    until ln -s "$$" "$lock_folder/holder" 2>/dev/null; do
      break_abandoned_lock
      sleep 0.1
    done
  fi
  trap 'stop_working; release_lock' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Only one process at a time may judge the holder, or a second one could remove the lock of the next holder.
break_abandoned_lock() {
  local holder
  if ! mkdir "$lock_folder/judging" 2>/dev/null; then
    find "$lock_folder/judging" -maxdepth 0 -mmin +1 -exec rmdir {} + 2>/dev/null || true
    return 0
  fi
  holder=$(readlink "$lock_folder/holder" || true)
  if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then rm -f "$lock_folder/holder"; fi
  rmdir "$lock_folder/judging"
}

release_lock() {
  trap - EXIT HUP INT TERM
  exec 9>&-
  if [ "$(readlink "$lock_folder/holder" || true)" = "$$" ]; then rm -f "$lock_folder/holder"; fi
}

stop_working() {
  if [ -n "$worker" ]; then
    kill "$worker" 2>/dev/null || true
    wait "$worker" 2>/dev/null || true
  fi
  rm -rf "$fresh" "$output"
}

# Runs a command in the background, so that a signal to this shell ends both at once, and shows its output only when
# it fails.
quietly() {
  local status=0
  "$@" >"$output" 2>&1 </dev/null &
  worker=$!
  wait "$worker" || status=$?
  worker=''
  [ "$status" -eq 0 ] || cat "$output" >&2
  rm -f "$output"
  return "$status"
}

npm_ci() {
  cd "$build_root" && exec env SURFSTORE_INSTALLS=1 npm ci --include=dev --no-audit --no-fund
}

install_packages() {
  command -v npm >/dev/null || die 'npm is not on the PATH: install it (it comes with Node.js), then start again'
  quietly npm_ci ||
    die 'npm ci failed, see above: the packages come from the npm registry, so check the network, then start again'
}

compile() {
  local tsc="$build_root/node_modules/typescript/bin/tsc" old="$build_root/.dist-old"
  [ -f "$tsc" ] || die "the compiler is not installed: run npm ci in $build_root"
  rm -rf "$fresh" "$old"
  mkdir "$fresh"
  : >"$fresh/.stamp"
  # A source dated in the future would look changed for ever.
  find "${sources[@]}" -newer "$fresh/.stamp" -exec touch -r "$fresh/.stamp" {} +
  quietly node "$tsc" -p "$build_root/tsconfig.build.json" --outDir "$fresh" || die 'the build failed, see above'
  quietly node "$build_root/scripts/bundle.mjs" "$fresh" || die 'the pages could not be bundled, see above'
  quietly node "$build_root/scripts/bundleProgram.mjs" "$fresh" || die 'the program could not be bundled, see above'
  chmod +x "$fresh/src/cli/main.js"
  if [ -e "$dist" ]; then mv "$dist" "$old"; fi
  mv "$fresh" "$dist"
  rm -rf "$old"
}

ensure_built() {
  if build_current; then return 0; fi
  take_lock
  if ! build_current; then
    if [ -d "$dist" ]; then say 'sources changed: building ...'; else say 'first start: building ...'; fi
    compile
  fi
  release_lock
}

# Installs when the lock file is newer than the packages and really asks for others: a checkout that goes to another
# branch and back gives it a new date only, and installing takes the packages away from every running server.
ensure_installed() {
  if packages_current; then return 0; fi
  take_lock
  if ! packages_current; then
    if node "$build_root/scripts/installed.mjs" "$build_root"; then
      touch "$build_root/node_modules/.package-lock.json"
    else
      if [ -d "$dist" ]; then
        say 'packages changed: installing them and building, about a minute ...'
      else
        say 'first start: installing packages and building, about a minute ...'
      fi
      install_packages
      compile
    fi
  fi
  release_lock
}

ensure_ready() {
  ensure_installed
  ensure_built
}

# The packages' installer runs the build, too, as it does for those who install this package from its sources. Whoever called it
# from here holds the lock and builds afterwards.
if [ "${BASH_SOURCE[0]}" = "$0" ] && [ -z "${SURFSTORE_INSTALLS-}" ]; then ensure_built; fi

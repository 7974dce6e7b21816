# Defines `require_node`, for the scripts that start something: ends with one line when Node.js is missing or too old.

require_node() {
  local version major minor
  version=$(node --version 2>/dev/null) || version=none
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  if [ "$version" = none ]; then
    echo 'surfstore: node is not on the PATH: install Node.js 20.15 or newer' >&2
    exit 1
  elif [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 15 ]; }; then
    echo "surfstore: node is $version: install Node.js 20.15 or newer" >&2
    exit 1
  fi
}

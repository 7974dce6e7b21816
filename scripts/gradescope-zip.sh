#!/usr/bin/env bash
# Makes the autograder of a Gradescope assignment: one zip file to upload.
#
#   bash scripts/gradescope-zip.sh --start 'python3 server.py {config} {id}' [--assignment NAME] [--rubric FILE] [--budget 4m] [--out autograder.zip]
#
# It holds this tree as it is committed, and two scripts that Gradescope runs: setup.sh once, when it makes the image, and
# run_autograder for each submission, in a folder where the submission is /autograder/submission.

set -eu

usage="usage: gradescope-zip.sh --start LINE [--assignment NAME] [--rubric FILE] [--budget TIME] [--out FILE]"
start='' assignment=surfstore rubric='' budget=4m out=autograder.zip
die() {
  printf 'gradescope-zip: %s\n' "$*" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      printf '%s\n' "$usage"
      exit 0
      ;;
    --start | --assignment | --rubric | --budget | --out)
      [ $# -ge 2 ] || die "$1 needs a value"
      case $1 in
        --start) start=$2 ;;
        --assignment) assignment=$2 ;;
        --rubric) rubric=$2 ;;
        --budget) budget=$2 ;;
        --out) out=$2 ;;
      esac
      shift 2
      ;;
    *) die "unknown argument $1; $usage" ;;
  esac
done

case $assignment in
  surfstore | keys | messages) ;;
  *) die "--assignment must be surfstore, keys or messages, not $assignment" ;;
esac
case $start in
  '') die "--start is missing, as in --start 'python3 server.py {config} {id}'" ;;
  *'{config}'*'{id}'* | *'{id}'*'{config}'*) ;;
  *) [ "$assignment" != surfstore ] || die "--start must name {config} and {id}, as in --start 'python3 server.py {config} {id}'" ;;
esac
[ -z "$rubric" ] || [ -f "$rubric" ] || die "there is no rubric $rubric"
command -v python3 >/dev/null || die 'python3 is needed to make the zip file'

root=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/surfstore"
git -C "$root" archive HEAD | tar -x -C "$work/surfstore"
[ -z "$rubric" ] || cp "$rubric" "$work/rubric.yaml"
printf '%s\n' "$start" >"$work/start.txt"
printf '%s\n' "$budget" >"$work/budget.txt"
printf '%s\n' "$assignment" >"$work/assignment.txt"

cat >"$work/setup.sh" <<'SETUP'
#!/usr/bin/env bash
# Runs once, as root, when Gradescope makes the image.
set -eu
apt-get update
apt-get install -y --no-install-recommends ca-certificates curl xz-utils python3
if ! command -v node >/dev/null || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  curl -fsSL https://deb.nodesource.com/setup_20.x | bash -
  apt-get install -y nodejs
fi
cd /autograder/source/surfstore
npm ci --include=dev --no-audit --no-fund
npm run build
SETUP

cat >"$work/run_autograder" <<'RUN'
#!/usr/bin/env bash
# Runs for each submission, and always leaves /autograder/results/results.json behind.
set -u
source=/autograder/source
results=/autograder/results
mkdir -p "$results"
rubric=()
[ ! -f "$source/rubric.yaml" ] || rubric=(--rubric "$source/rubric.yaml")
node "$source/surfstore/dist/chaos/grade/main.js" --cwd /autograder/submission --start "$(cat "$source/start.txt")" \
  --assignment "$(cat "$source/assignment.txt")" --confine \
  --budget "$(cat "$source/budget.txt")" "${rubric[@]}" --gradescope "$results/results.json" --out "$results/report"
if [ ! -s "$results/results.json" ]; then
  echo '{"score": 0, "output": "The grader itself failed: please tell your instructor."}' >"$results/results.json"
fi
RUN
chmod +x "$work/setup.sh" "$work/run_autograder"

# Gradescope needs the scripts executable: Python's zipfile keeps the modes that `zip` would, and is there more often.
python3 - "$work" "$out" <<'ZIP'
import os
import sys
import zipfile

work, out = sys.argv[1:]
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
    for folder, _, names in os.walk(work):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                continue
            info = zipfile.ZipInfo.from_file(path, os.path.relpath(path, work))
            info.compress_type = zipfile.ZIP_DEFLATED
            with open(path, "rb") as content:
                archive.writestr(info, content.read())
ZIP
printf 'gradescope-zip: %s, %s KB: upload it under "Configure Autograder"\n' "$out" "$(($(wc -c <"$out") / 1024))"

#!/bin/bash
# The fault suites: real servers that are killed, cut off, flooded and starved. Needs what install.sh asks for.
#   npm run test:faults [-- --soak 1h] [--seed N] [vitest's arguments]
# --soak DURATION  how long all of it may take, shared out among the suites (default: some 10 minutes); s, m or h
# --seed N         repeats a run: every suite prints the seed that it ran with (default: a new one)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() { echo "test:faults: $1" >&2; exit 2; }

seconds() {
  [[ $1 =~ ^([0-9]+)([smh])$ ]] || usage "--soak takes a duration such as 90s, 30m or 2h, not '$1'"
  case ${BASH_REMATCH[2]} in s) echo "${BASH_REMATCH[1]}" ;; m) echo $((BASH_REMATCH[1] * 60)) ;; h) echo $((BASH_REMATCH[1] * 3600)) ;; esac
}

arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --soak) [ $# -ge 2 ] || usage "--soak takes a duration"; FAULTS_SECONDS=$(seconds "$2") || exit 2; export FAULTS_SECONDS; shift 2 ;;
    --seed) [[ ${2:-} =~ ^[0-9]+$ ]] || usage "--seed takes a number"; export FAULTS_SEED=$2; shift 2 ;;
    *) arguments+=("$1"); shift ;;
  esac
done

bash test/faults/install.sh
npm run --silent build
npx tsc --noEmit -p test/faults
exec npx vitest run --config test/faults/vitest.config.ts "${arguments[@]}"

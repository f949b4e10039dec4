#!/bin/bash
# Installs what the fault suites need into test/faults/.tools, pinned. What is there already, made of the same sources, is left
# alone. JOBS: Go compile jobs (default 2).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ROOT=$PWD
export STEPS=faults TOOLS=$ROOT/test/faults/.tools
source test/support/steps.sh
export GOFLAGS="-buildvcs=false -mod=readonly -p=${JOBS:-2}"

install_lincheck() { (cd test/faults/lincheck && go build -o "$TOOLS/bin/lincheck" .); }

need go "Go 1.26 or later (https://go.dev)"
step lincheck "$TOOLS/bin/lincheck" "$(fingerprint "$(go version)" test/faults/lincheck)" install_lincheck

#!/bin/bash
# Builds the clients and the control plane to compare with into bench/.tools, pinned by go.sum.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
command -v go >/dev/null || { echo "bench: go is missing: install Go 1.26 or later (https://go.dev)" >&2; exit 1; }
export GOFLAGS="-buildvcs=false -mod=readonly"
mkdir -p ../.tools
go build -o ../.tools/xds-load ./load
go build -o ../.tools/xds-peer ./peer

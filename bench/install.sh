#!/bin/bash
# Builds what the comparison needs into bench/.tools, pinned: the load tool, etcd, and the library that draws the curves.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
command -v go >/dev/null || { echo "bench: go is missing: install Go 1.26 or later (https://go.dev)" >&2; exit 1; }
export GOFLAGS="-buildvcs=false -mod=readonly"
mkdir -p .tools
(cd load && go build -o ../.tools/load .)
(cd etcd && go build -o ../.tools/etcd go.etcd.io/etcd/server/v3)
[ -d node_modules/echarts ] || npm ci --silent --no-audit --no-fund

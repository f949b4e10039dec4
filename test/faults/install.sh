#!/bin/bash
# Installs what the fault suites need into test/faults/.tools, pinned. What is there already is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p test/faults/.tools

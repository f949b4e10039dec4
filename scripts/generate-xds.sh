#!/bin/bash
# Makes gen/xds anew: the messages and services of Envoy's xDS API that src/xds speaks. The .proto files come out of one package
# of a Maven registry, which holds Envoy's, xDS's and validate's in versions that fit together. Needs Maven and a JDK.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ARTIFACT=io.envoyproxy.controlplane:api:1.0.49
SHA256=cbac9ac918071e132c552100f6c26978346116205d8f93a2efe5050049c1cc6e
# What is imported by these is generated too.
ROOTS=(
  envoy/service/discovery/v3/ads.proto
  envoy/service/load_stats/v3/lrs.proto
  envoy/service/accesslog/v3/als.proto
  envoy/config/listener/v3/listener.proto
  envoy/config/route/v3/route.proto
  envoy/config/cluster/v3/cluster.proto
  envoy/config/endpoint/v3/endpoint.proto
  envoy/extensions/access_loggers/grpc/v3/als.proto
  envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto
  envoy/extensions/filters/http/router/v3/router.proto
  envoy/extensions/upstreams/http/v3/http_protocol_options.proto
)

# Options of fields and files: rules for validators, and marks for Envoy's own documentation. Nobody here reads them, and with them
# every file imports the description of descriptors, which doubles the time until the server serves.
OPTIONS=(
  udpa.annotations.{file_status,security,sensitive,versioning}
  udpa.annotations.{message_migrate,field_migrate,enum_migrate,enum_value_migrate,file_migrate}
  envoy.annotations.{disallowed_by_default,disallowed_by_default_enum}
  envoy.annotations.{deprecated_at_minor_version,deprecated_at_minor_version_enum}
  validate.{disabled,ignored,required,rules}
  xds.annotations.v3.{file_status,message_status,field_status}
)

for tool in mvn jar; do
  command -v "$tool" >/dev/null || { echo "generate:xds: $tool is missing: install Maven and a JDK, 17 or later" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -Dartifact="$ARTIFACT" -DoutputDirectory="$work" \
  -Dmdep.stripVersion=true -Dtransitive=false
echo "$SHA256  $work/api.jar" | sha256sum --check --status || { echo "generate:xds: $ARTIFACT is not the file that it was: its checksum differs" >&2; exit 1; }
mkdir "$work/proto"
(cd "$work/proto" && jar xf ../api.jar envoy xds udpa validate google opentelemetry cel)
find "$work/proto" -name '*.class' -delete
chosen=()
for root in "${ROOTS[@]}"; do chosen+=(--path "$work/proto/$root"); done
for option in "${OPTIONS[@]}"; do chosen+=(--exclude-type "$option"); done
npx buf generate "$work/proto" --template buf.gen.xds.yaml "${chosen[@]}"

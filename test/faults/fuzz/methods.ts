import { create, type DescMethod, type DescService, type Message } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionV1Alpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { Health } from "../../../gen/health/v1/health_pb.js";
import { AdminService } from "../../../gen/portolan/admin/v1/admin_pb.js";
import { DiscoveryService } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { AccessLogService } from "../../../gen/xds/envoy/service/accesslog/v3/als_pb.js";
import { AggregatedDiscoveryService } from "../../../gen/xds/envoy/service/discovery/v3/ads_pb.js";
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema,
} from "../../../gen/xds/envoy/service/discovery/v3/discovery_pb.js";
import { LoadReportingService } from "../../../gen/xds/envoy/service/load_stats/v3/lrs_pb.js";
import { TYPE_URLS } from "../../../src/xds/index.js";
import { REQUESTS } from "../../rpc/rules/requests.js";

/** The product's own services, on both ports. */
export const OWN_SERVICES: readonly DescService[] = [RegistryService, DiscoveryService, TelemetryService, AdminService];

/** Envoy's services, on the gRPC port alone. */
export const MESH_SERVICES: readonly DescService[] = [
  AggregatedDiscoveryService,
  LoadReportingService,
  AccessLogService,
];

/** Services of libraries, on the gRPC port alone. */
export const LIBRARY_SERVICES: readonly DescService[] = [Health, ServerReflection, ServerReflectionV1Alpha];

/** All that the gRPC port serves; a test holds it against what the server says of itself. */
export const SERVICES: readonly DescService[] = [...OWN_SERVICES, ...MESH_SERVICES, ...LIBRARY_SERVICES];

/** Every method, of the services given. */
export function methodsOf(services: readonly DescService[]): readonly DescMethod[] {
  return services.flatMap((service) => service.methods);
}

/** "package.Service/Method". */
export function pathOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

const LIBRARY_REQUESTS: readonly Message[] = [
  create(Health.method.check.input, { service: "portolan.registry.v1.RegistryService" }),
  create(Health.method.list.input),
  ...[ServerReflection, ServerReflectionV1Alpha].map((reflection) =>
    create(reflection.method.serverReflectionInfo.input, {
      messageRequest: { case: "fileContainingSymbol", value: "portolan.registry.v1.RegistryService" },
    }),
  ),
];

const NODE = { id: "fuzz", userAgentName: "envoy", metadata: { portolan: { listen: "127.0.0.1:10000" } } };
const CLUSTER = TYPE_URLS.cluster;

const MESH_REQUESTS: readonly Message[] = [
  create(DiscoveryRequestSchema, { node: NODE, typeUrl: CLUSTER, resourceNames: ["*", "pay.default"] }),
  create(DeltaDiscoveryRequestSchema, {
    node: NODE,
    typeUrl: CLUSTER,
    resourceNamesSubscribe: ["pay.default"],
    initialResourceVersions: { "pay.default": "0" },
  }),
  create(LoadReportingService.method.streamLoadStats.input, {
    node: NODE,
    clusterStats: [{ clusterName: "pay.default", upstreamLocalityStats: [{ totalErrorRequests: 1n }] }],
  }),
  create(AccessLogService.method.streamAccessLogs.input, {
    logEntries: { case: "httpLogs", value: { logEntry: [{ commonProperties: { upstreamCluster: "pay.default" } }] } },
  }),
];

/** A request of the method that its rules accept. @throws Error for a method that nobody has written one for. */
export function goodRequest({ input }: DescMethod): Message {
  const good =
    REQUESTS.find(({ desc }) => desc.typeName === input.typeName)?.good ??
    [...MESH_REQUESTS, ...LIBRARY_REQUESTS].find(({ $typeName }) => $typeName === input.typeName);
  if (!good) throw new Error(`nobody has written a request of ${input.typeName}: see test/rpc/rules/requests.ts`);
  return good;
}

/** What the server itself says that it serves, in the order of the alphabet. */
export async function servedNames(transport: Transport): Promise<string[]> {
  const reflection = createClient(ServerReflection, transport);
  const names: string[] = [];
  async function* question() {
    yield { messageRequest: { case: "listServices" as const, value: "*" } };
  }
  for await (const { messageResponse } of reflection.serverReflectionInfo(question())) {
    if (messageResponse.case === "listServicesResponse")
      names.push(...messageResponse.value.service.map(({ name }) => name));
  }
  return names.sort();
}

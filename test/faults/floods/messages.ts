import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { WatchRequestSchema } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import { GetServiceRequestSchema } from "../../../gen/portolan/registry/v1/registry_pb.js";

/** Methods that floods call. */
export const PATH = {
  getService: "/portolan.registry.v1.RegistryService/GetService",
  session: "/portolan.registry.v1.RegistryService/Session",
  listInstances: "/portolan.registry.v1.RegistryService/ListInstances",
  resolve: "/portolan.discovery.v1.DiscoveryService/Resolve",
  watch: "/portolan.discovery.v1.DiscoveryService/Watch",
  reportCalls: "/portolan.telemetry.v1.TelemetryService/ReportCalls",
} as const;

/** A message's bytes. */
export function bytesOf<T extends DescMessage>(schema: T, init: MessageInitShape<T>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

/** Requests that floods send. */
export const messages = {
  watch: (service: string) => bytesOf(WatchRequestSchema, { targets: [{ service }] }),
  getService: (name: string) => bytesOf(GetServiceRequestSchema, { name }),
} as const;

import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { AdminService } from "../../../gen/portolan/admin/v1/admin_pb.js";
import { DiscoveryService } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";

/** Well-behaved clients of one gRPC port on one connection of their own. */
export interface Clients extends Disposable {
  readonly registry: Client<typeof RegistryService>;
  readonly discovery: Client<typeof DiscoveryService>;
  readonly telemetry: Client<typeof TelemetryService>;
  readonly admin: Client<typeof AdminService>;
}

export function createClients(baseUrl: string): Clients {
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, sessionManager });
  return {
    registry: createClient(RegistryService, transport),
    discovery: createClient(DiscoveryService, transport),
    telemetry: createClient(TelemetryService, transport),
    admin: createClient(AdminService, transport),
    [Symbol.dispose]: () => sessionManager.abort(),
  };
}

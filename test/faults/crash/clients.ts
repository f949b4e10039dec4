import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { DiscoveryService } from "../../../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../../../gen/portolan/registry/v1/registry_pb.js";
import { TelemetryService } from "../../../gen/portolan/telemetry/v1/telemetry_pb.js";

/** Clients of one life of a plane, on a connection of their own. */
export interface Clients extends Disposable {
  readonly registry: Client<typeof RegistryService>;
  readonly discovery: Client<typeof DiscoveryService>;
  readonly telemetry: Client<typeof TelemetryService>;
}

/** @param address host:port of gRPC. */
export function connect(address: string): Clients {
  const baseUrl = `http://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, sessionManager });
  return {
    registry: createClient(RegistryService, transport),
    discovery: createClient(DiscoveryService, transport),
    telemetry: createClient(TelemetryService, transport),
    [Symbol.dispose]: () => sessionManager.abort(),
  };
}

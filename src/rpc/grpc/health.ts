import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

/** The gRPC health service: "" for the server, and each service by its full name. */
export interface HealthService {
  set(service: string, serving: boolean): void;
  addTo(server: Server): void;
}

/** Makes it, with everything NOT_SERVING until said otherwise. */
export function createHealthService(services: readonly string[]): HealthService {
  const implementation = new HealthImplementation(
    Object.fromEntries(["", ...services].map((service) => [service, "NOT_SERVING"])),
  );
  /** service -> what was said last, so that watchers hear of changes alone. */
  const said = new Map<string, boolean>();
  return {
    set(service, serving) {
      if (said.get(service) === serving) return;
      said.set(service, serving);
      implementation.setStatus(service, serving ? "SERVING" : "NOT_SERVING");
    },
    addTo: (server) => implementation.addToServer(server),
  };
}

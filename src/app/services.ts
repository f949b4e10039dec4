import { DiscoveryService } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Config } from "../config.js";
import { createDiscoveryService, createFilters, createRules, type ServedService, servedService } from "../rpc/index.js";
import type { Clock } from "../stream/index.js";
import type { Rooms } from "./rooms.js";

/** Every public service with its handlers. */
export function createServices(options: {
  readonly config: Config;
  readonly rooms: Rooms;
  readonly clock: Clock;
  readonly version: string;
}): ServedService[] {
  const { config, rooms } = options;
  const { discovery } = rooms;
  const filters = createFilters();
  const rules = createRules({
    filters,
    watchMaxTargets: config.watchMaxTargets,
    telemetryRetentionMs: config.telemetryMaxAgeMs,
  });
  return [servedService(DiscoveryService, createDiscoveryService({ discovery, rules, filters }))];
}

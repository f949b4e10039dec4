import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ResourceType } from "./types.js";

/** What is counted of xDS. */
export interface XdsMetrics {
  /** A stream began (1) or ended (-1). */
  streams(variant: "sotw" | "delta", by: 1 | -1): void;
  /** A response with so many resources went out. */
  responded(type: ResourceType, resources: number): void;
  /** A response was taken, so long after the change that it told of was committed; undefined when it told of none. */
  acknowledged(type: ResourceType, delayMs: number | undefined): void;
  refused(type: ResourceType): void;
  /** A resource was made, or could not be. */
  built(type: ResourceType): void;
  failed(type: ResourceType): void;
  /** A request for a type that is not served. */
  unknownType(): void;
}

/** Registers xDS's metrics. @param resources how many resources are asked for now. */
export function createXdsMetrics(register: Registry, resources: () => number): XdsMetrics {
  const registers = [register];
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames: ["type"], registers });
  new Gauge({
    name: "portolan_xds_resources",
    help: "Distinct resources that streams ask for.",
    registers,
    collect() {
      this.set(resources());
    },
  });
  const streams = new Gauge({
    name: "portolan_xds_streams",
    help: "Open xDS streams.",
    labelNames: ["variant"],
    registers,
  });
  const responses = counter("portolan_xds_responses_total", "Responses sent.");
  const sent = counter("portolan_xds_sent_resources_total", "Resources sent.");
  const acks = counter("portolan_xds_acks_total", "Responses that clients took.");
  const nacks = counter("portolan_xds_nacks_total", "Responses that clients refused.");
  const built = counter("portolan_xds_built_resources_total", "Resources made, once for all who ask for them.");
  const failed = counter("portolan_xds_failed_resources_total", "Resources that could not be made.");
  const unknown = new Counter({
    name: "portolan_xds_unknown_type_requests_total",
    help: "Requests for types that are not served.",
    registers,
  });
  const delay = new Histogram({
    name: "portolan_xds_commit_to_ack_seconds",
    help: "From the commit of a change until a client acknowledged the response that told it.",
    labelNames: ["type"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  return {
    streams: (variant, by) => streams.inc({ variant }, by),
    responded(type, count) {
      responses.inc({ type });
      sent.inc({ type }, count);
    },
    acknowledged(type, delayMs) {
      acks.inc({ type });
      if (delayMs !== undefined) delay.observe({ type }, Math.max(0, delayMs) / 1_000);
    },
    refused: (type) => nacks.inc({ type }),
    built: (type) => built.inc({ type }),
    failed: (type) => failed.inc({ type }),
    unknownType: () => unknown.inc(),
  };
}

import type { HealthCheck, Instance } from "../../../model/index.js";
import { sameHealthCheck } from "../../same-spec.js";

/** Where and how an instance is probed. Immutable. */
export interface ProbeTarget {
  /** An IP literal or a DNS name. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly check: HealthCheck;
}

/** The target of an instance; undefined when it is not to be probed. */
export function targetOf({
  healthCheck: check,
  endpoints,
}: Pick<Instance, "healthCheck" | "endpoints">): ProbeTarget | undefined {
  if (!check) return undefined;
  const named = endpoints.find(({ name }) => name === check.endpointName);
  const endpoint = check.endpointName === "" ? endpoints[0] : named;
  return endpoint && { host: endpoint.host, port: endpoint.port, tls: endpoint.tls, check };
}

/** True when both are probed alike at the same place. */
export function sameTarget(a: ProbeTarget, b: ProbeTarget): boolean {
  return a.host === b.host && a.port === b.port && a.tls === b.tls && sameHealthCheck(a.check, b.check);
}

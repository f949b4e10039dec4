import { isIP } from "node:net";
import type { Discovered, Discovery } from "../discovery/index.js";
import type { Endpoint, Locality, ServiceRef } from "../model/index.js";
import { formatAddress } from "../model/index.js";
import type { ServiceName } from "./names.js";
import type { Upstream } from "./resources/cluster.js";
import { groupsOf, type LbGroup } from "./resources/localities.js";

/** Which endpoints a kind of client can be told of. */
export type Usable = (endpoint: Pick<Endpoint, "host" | "tls">) => boolean;

/** Addresses, as assignments hold them; a program brings its own credentials for those that speak TLS. */
export const byAddress: Usable = ({ host }) => isIP(host) !== 0;
/** What a proxy can call: it has no credentials yet for those that speak TLS. */
export const inPlaintext: Usable = ({ tls }) => !tls;

/** What a proxy has to know of a service, beside its endpoints. */
export interface ServiceShape {
  /** Names of its endpoints that instances have beside their first; sorted. */
  readonly endpoints: readonly string[];
  /** False when all that it offers speaks TCP and no HTTP. */
  readonly routable: boolean;
}

/** What the catalogue says of services, as resources need it. Reads alone; a service that is not there is undefined. */
export class Services {
  readonly #discovery: Discovery;

  constructor(discovery: Discovery) {
    this.#discovery = discovery;
  }

  has(ref: ServiceRef): boolean {
    return this.#discovery.getService(ref) !== undefined;
  }

  /** Names of the services of a namespace, sorted. */
  names(namespace: string): string[] {
    return this.#discovery.listServices(namespace).map(({ service }) => service.name);
  }

  /** The endpoints that go out to somebody in one place. */
  groups(name: ServiceName, locality: Locality | undefined, usable: Usable): LbGroup[] | undefined {
    const resolution = this.#select(name, locality);
    if (!resolution.exists) return undefined;
    return groupsOf({ instances: resolution.instances, panic: resolution.panic, usable });
  }

  /** How a proxy speaks to a service (undefined while nobody is there), and whether it has to look up names of hosts. */
  upstream(name: ServiceName): { readonly upstream: Upstream | undefined; readonly byName: boolean } | undefined {
    const { exists, instances } = this.#select(name, undefined);
    if (!exists) return undefined;
    const endpoints = instances.flatMap(firstEndpoint).filter(inPlaintext);
    return { upstream: upstreamOf(endpoints), byName: endpoints.some((endpoint) => !byAddress(endpoint)) };
  }

  /** See `ServiceShape`. */
  shape(ref: ServiceRef): ServiceShape | undefined {
    const { exists, instances } = this.#select({ ...ref, endpoint: "" }, undefined);
    if (!exists) return undefined;
    const several = instances.filter(({ instance }) => instance.endpoints.length > 1);
    const names = several.flatMap(({ instance }) => instance.endpoints.map(({ name }) => name));
    const first = instances.flatMap(firstEndpoint);
    const routable = first.length === 0 || first.some(({ protocol }) => protocol !== "tcp");
    return { endpoints: [...new Set(names)].sort(), routable };
  }

  /** The shapes of all services of a namespace. */
  shapes(namespace: string): Map<string, ServiceShape> {
    const shapes = new Map<string, ServiceShape>();
    for (const name of this.names(namespace)) {
      const shape = this.shape({ namespace, name });
      if (shape) shapes.set(name, shape);
    }
    return shapes;
  }

  /** Who listens where: "10.0.0.1:8080" -> the id of the instance. */
  whereabouts(name: ServiceName): ReadonlyMap<string, string> {
    const { instances } = this.#select(name, undefined);
    return new Map(
      instances.flatMap(({ instance: { endpoints, id } }) =>
        endpoints.map(({ host, port }) => [formatAddress(host, port), id] as const),
      ),
    );
  }

  #select({ namespace, name, endpoint }: ServiceName, locality: Locality | undefined) {
    const target = { namespace, service: name, endpointName: endpoint };
    return this.#discovery.select(target, { consumer: "", includeUnhealthy: true, ...(locality && { locality }) });
  }
}

function firstEndpoint({ instance }: Discovered): Endpoint[] {
  return instance.endpoints.slice(0, 1);
}

/** What all of them speak; where they differ or do not say, what the caller speaks. */
function upstreamOf(endpoints: readonly Endpoint[]): Upstream | undefined {
  const spoken = new Set(
    endpoints.map(({ protocol }): Upstream => {
      if (protocol === "grpc" || protocol === "http2") return "http2";
      return protocol === "http" ? "http1" : "mirror";
    }),
  );
  const [only] = spoken;
  return spoken.size > 1 ? "mirror" : only;
}

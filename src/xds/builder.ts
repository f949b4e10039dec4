import type { ServiceRef } from "../model/index.js";
import { parseAddress } from "../model/index.js";
import {
  fullName,
  INBOUND,
  OUTBOUND,
  outboundRoutes,
  parseServiceName,
  SERVER_LISTENER,
  type ServiceName,
} from "./names.js";
import type { XdsNode } from "./node.js";
import type { Resource } from "./resource.js";
import { dnsCluster, edsCluster, inboundCluster, type Upstream } from "./resources/cluster.js";
import { assignment, endpointAssignment } from "./resources/endpoints.js";
import { apiListener, inboundListener, outboundListener, serverListener } from "./resources/listener.js";
import { namespaceRoutes, serviceRoutes } from "./resources/route.js";
import { byAddress, inPlaintext, type ServiceShape, type Services, type Usable } from "./services.js";
import type { ResourceType } from "./types.js";

/** What a resource is made of: it is built anew when that changes. */
export type Source =
  | { readonly kind: "service"; readonly ref: ServiceRef }
  /** Which services a namespace has, and their shapes. */
  | { readonly kind: "namespace"; readonly namespace: string }
  /** The node alone, or nothing. */
  | { readonly kind: "node" };

/** A resource that somebody asked for: what it is made of, and how. `make` answers undefined while there is none. */
export interface Recipe {
  readonly source: Source;
  make(): Resource | undefined;
}

/** How every resource is made. */
export interface Recipes {
  /** How a resource of this name is made for a node. */
  recipe(type: ResourceType, name: string, node: XdsNode): Recipe;
  /** What a wildcard covers. */
  members(type: ResourceType, node: XdsNode): string[];
  /** Whether what a wildcard covers depends on the services that there are. */
  membersChange(type: ResourceType, node: XdsNode): boolean;
}

const NOTHING: Recipe = { source: { kind: "node" }, make: () => undefined };

/** What to say: the resources of each kind, by name, for one node. Policies will be a second input here. */
export class Builder implements Recipes {
  readonly #services: Services;
  readonly #shapes: (namespace: string) => ReadonlyMap<string, ServiceShape>;

  /** @param shapes the services of a namespace, by name. */
  constructor(services: Services, shapes: (namespace: string) => ReadonlyMap<string, ServiceShape>) {
    this.#services = services;
    this.#shapes = shapes;
  }

  recipe(type: ResourceType, name: string, node: XdsNode): Recipe {
    return this.#ofNode(type, name, node) ?? this.#ofService(type, name, node);
  }

  members(type: ResourceType, node: XdsNode): string[] {
    const services = () => namesIn(node.namespace, this.#shapes(node.namespace));
    if (type === "cluster") return [...services().map(fullName), ...(node.inbound ? [INBOUND] : [])];
    if (type !== "listener") return [];
    if (node.kind === "grpc") return services().map(fullName);
    return [...(node.listen ? [OUTBOUND] : []), ...(node.inbound ? [INBOUND] : [])];
  }

  membersChange(type: ResourceType, node: XdsNode): boolean {
    return type === "cluster" || (type === "listener" && node.kind === "grpc");
  }

  #ofNode(type: ResourceType, name: string, node: XdsNode): Recipe | undefined {
    const { listen, inbound, namespace } = node;
    const always = (make: () => Resource): Recipe => ({ source: { kind: "node" }, make });
    if (type === "listener" && name === OUTBOUND && listen) return always(() => outboundListener(node, listen));
    if (type === "listener" && name === INBOUND && inbound) return always(() => inboundListener(node, inbound.listen));
    if (type === "cluster" && name === INBOUND && inbound) return always(() => inboundCluster(inbound.forward));
    if (type === "listener" && name.startsWith(SERVER_LISTENER)) {
      const at = parseAddress(name.slice(SERVER_LISTENER.length));
      return at ? always(() => serverListener(name, at)) : NOTHING;
    }
    if (type === "route" && name === outboundRoutes(namespace)) {
      const make = () => namespaceRoutes(namespace, namesIn(namespace, this.#shapes(namespace), isRoutable));
      return { source: { kind: "namespace", namespace }, make };
    }
    return undefined;
  }

  #ofService(type: ResourceType, name: string, node: XdsNode): Recipe {
    const service = parseServiceName(name, node.namespace);
    if (!service) return NOTHING;
    const source = { kind: "service", ref: { namespace: service.namespace, name: service.name } } as const;
    return { source, make: this.#maker(type, name, service, node) };
  }

  #maker(type: ResourceType, name: string, service: ServiceName, node: XdsNode): () => Resource | undefined {
    if (type === "endpoints") {
      return () => {
        const groups = this.#services.groups(service, node.locality, usableBy(node));
        return groups && endpointAssignment(name, groups);
      };
    }
    if (type === "cluster" && node.kind === "envoy") return this.#clusterMaker(name, service, node);
    // The rest is the same for as long as there is the service, whatever becomes of its instances.
    let resource: Resource | undefined;
    return () => {
      if (!this.#services.has(service)) return undefined;
      resource ??= constantOf(type, name, fullName(service));
      return resource;
    };
  }

  #clusterMaker(name: string, service: ServiceName, node: XdsNode): () => Resource | undefined {
    // While nobody is there, the last who was tells how the next will speak: the cluster stays what it is.
    let spoken: Upstream = "mirror";
    return () => {
      const how = this.#services.upstream(service);
      if (!how) return undefined;
      spoken = how.upstream ?? spoken;
      if (!how.byName) return edsCluster(name, spoken);
      const groups = this.#services.groups(service, node.locality, inPlaintext) ?? [];
      return dnsCluster(name, spoken, assignment(name, groups));
    };
  }
}

function constantOf(type: Exclude<ResourceType, "endpoints">, name: string, full: string): Resource {
  if (type === "cluster") return edsCluster(name);
  return type === "listener" ? apiListener(name, full) : serviceRoutes(name, full);
}

function usableBy({ kind }: XdsNode): Usable {
  return kind === "grpc" ? byAddress : (endpoint) => byAddress(endpoint) && inPlaintext(endpoint);
}

function isRoutable({ routable }: ServiceShape): boolean {
  return routable;
}

function namesIn(
  namespace: string,
  shapes: ReadonlyMap<string, ServiceShape>,
  chosen: (shape: ServiceShape) => boolean = () => true,
): ServiceName[] {
  const sorted = [...shapes].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([name, shape]) =>
    chosen(shape) ? ["", ...shape.endpoints].map((endpoint) => ({ namespace, name, endpoint })) : [],
  );
}

import type { Instance, Service } from "../../gen/portolan/registry/v1/registry_pb.js";
import { everyItem } from "./pages.js";
import type { Plane } from "./plane.js";

/** A listing that is read page by page. */
export interface Listing<T> {
  readonly items: AsyncIterable<T>;
  /** The revision that its pages show; known once it is read. */
  revision(): bigint;
}

/** What to list. */
export interface Selection {
  /** Empty means "default"; "*" means every one. */
  readonly namespace: string;
  /** A CEL expression; empty means all. */
  readonly filter: string;
}

/** Every service that matches. */
export function listServices(plane: Plane, selection: Selection): Listing<Service> {
  let revision = 0n;
  const items = everyItem(async (page) => {
    const response = await plane.registry.listServices({ ...selection, ...page });
    revision = response.revision;
    return { items: response.services, nextPageToken: response.nextPageToken };
  });
  return { items, revision: () => revision };
}

/** Every instance that matches, of one service or (when it is empty) of all. */
export function listInstances(plane: Plane, selection: Selection & { readonly service: string }): Listing<Instance> {
  let revision = 0n;
  const items = everyItem(async (page) => {
    const response = await plane.registry.listInstances({ ...selection, ...page });
    revision = response.revision;
    return { items: response.instances, nextPageToken: response.nextPageToken };
  });
  return { items, revision: () => revision };
}

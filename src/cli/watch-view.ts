import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { DiscoveredInstance, ServiceUpdate, WatchResponse } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import type { Instance } from "../../gen/portolan/registry/v1/registry_pb.js";
import { formatEndpoints, formatHealth, formatVersion, healthName } from "./format.js";
import type { Palette } from "./palette.js";

/** One line of a watch: what became of an instance, or ("!") of a service. */
export interface ViewLine {
  readonly sign: "+" | "~" | "-" | "!";
  /** "checkout/a1". */
  readonly name: string;
  readonly cells: readonly string[];
}

/**
 * What a watch told us, as a person follows it.
 *
 * A reset casts doubt on what is known instead of dropping it, so that people read only what really differs: what the full
 * set does not repeat has left. A set of one service ends with the response that has a revision, that of a whole watch with
 * `synced`.
 */
export class WatchView {
  readonly #palette: Palette;
  /** "target/namespace/service" -> what is known of it. */
  readonly #services = new Map<string, ServiceView>();
  /** From a response's reset to the next synced. */
  #resyncing = false;

  constructor(palette: Palette) {
    this.#palette = palette;
  }

  /** How many instances are known, and how many services exist. */
  counts(): { readonly instances: number; readonly services: number } {
    const known = [...this.#services.values()].filter((service) => service.exists);
    return { services: known.length, instances: known.reduce((sum, service) => sum + service.instances.size, 0) };
  }

  /** Takes a response in; answers what it changed, in its order. */
  apply(response: WatchResponse): ViewLine[] {
    if (response.reset) this.#doubtAll();
    const lines = response.updates.flatMap((update) => this.#update(update));
    if (response.synced) this.#resyncing = false;
    const isWhole = response.synced || response.revision !== 0n;
    return isWhole && !this.#resyncing ? [...lines, ...this.#settle()] : lines;
  }

  #doubtAll(): void {
    this.#resyncing = true;
    for (const service of this.#services.values()) service.doubtAll();
  }

  #update(update: ServiceUpdate): ViewLine[] {
    const service = this.#service(update);
    if (update.reset || !update.exists) service.doubtAll();
    return [
      ...this.#existence(service, update.exists),
      ...update.removed.flatMap((id) => this.#remove(service, id)),
      ...update.put.flatMap((put) => this.#put(service, put)),
    ];
  }

  #service(update: ServiceUpdate): ServiceView {
    const key = `${update.target}/${update.namespace}/${update.service}`;
    const known = this.#services.get(key);
    if (known) return known;
    const made = new ServiceView(update.service);
    this.#services.set(key, made);
    return made;
  }

  #put(service: ServiceView, put: DiscoveredInstance): ViewLine[] {
    const { instance } = put;
    if (!instance) return [];
    const before = service.instances.get(instance.id);
    service.instances.set(instance.id, instance);
    service.doubtful.delete(instance.id);
    if (before?.modRevision === instance.modRevision) return [];
    const name = `${service.name}/${instance.id}`;
    const cells = [
      formatEndpoints(instance),
      formatHealth(instance.health, this.#palette),
      formatVersion(instance.version),
    ];
    if (!before) return [{ sign: "+", name, cells }];
    const differences = describeDifferences(before, instance);
    return [{ sign: "~", name, cells: differences === "" ? cells : [...cells, `(${differences})`] }];
  }

  #remove(service: ServiceView, id: string): ViewLine[] {
    const before = service.instances.get(id);
    service.instances.delete(id);
    service.doubtful.delete(id);
    return before ? [{ sign: "-", name: `${service.name}/${id}`, cells: [formatEndpoints(before)] }] : [];
  }

  #existence(service: ServiceView, exists: boolean): ViewLine[] {
    if (service.exists === exists) return [];
    const wasKnown = service.exists !== undefined;
    service.exists = exists;
    if (!exists)
      return [{ sign: "!", name: service.name, cells: [wasKnown ? "the service was deleted" : "no such service yet"] }];
    return wasKnown ? [{ sign: "!", name: service.name, cells: ["the service exists now"] }] : [];
  }

  /** Full sets are complete: what they did not repeat is gone. */
  #settle(): ViewLine[] {
    return [...this.#services.values()].flatMap((service) =>
      [...service.doubtful].flatMap((id) => this.#remove(service, id)),
    );
  }
}

/** One service as one target of the watch sees it. */
class ServiceView {
  /** instance id -> instance. */
  readonly instances = new Map<string, Instance>();
  /** Ids that the full set under way has not repeated yet. */
  readonly doubtful = new Set<string>();
  /** Undefined until the watch said so. */
  exists: boolean | undefined;

  constructor(readonly name: string) {}

  doubtAll(): void {
    for (const id of this.instances.keys()) this.doubtful.add(id);
  }
}

/** How long ago a response's newest change was committed, as " (3 ms)"; empty when it says nothing of it. */
export function formatDelay(response: WatchResponse, nowMs: number): string {
  if (!response.committedAt) return "";
  return `(${Math.max(0, nowMs - timestampMs(response.committedAt))} ms)`;
}

/** What people want to know of a change: the old values of what the line shows, and the names of other fields. */
function describeDifferences(before: Instance, after: Instance): string {
  const differences: string[] = [];
  if (before.health !== after.health) differences.push(`was ${healthName(before.health)}`);
  if (formatEndpoints(before) !== formatEndpoints(after)) differences.push(`was ${formatEndpoints(before)}`);
  if (before.version !== after.version) differences.push(`was ${formatVersion(before.version)}`);
  if (before.weight !== after.weight) differences.push(`weight ${before.weight ?? 100} -> ${after.weight ?? 100}`);
  if (JSON.stringify(before.labels) !== JSON.stringify(after.labels)) differences.push("labels");
  return differences.join(", ");
}

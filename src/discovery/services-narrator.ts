import type { Service, ServiceRef } from "../model/index.js";
import type { Catalogue } from "./catalogue.js";
import type { Filter, ListedService, ServicesBatch } from "./discovery.js";
import { panics } from "./panic.js";
import { cutBySize, serviceBytes } from "./pieces.js";
import type { ServiceChanges } from "./service-changes.js";
import type { Narrator } from "./watch.js";

/** The most that a removed service's names take. */
const REMOVED_BYTES = 140;
/** So few services that they fit one batch whatever they say. */
const MAX_UNMEASURED = 16;

/** Options of what a watch of services says. */
export interface ServicesNarratorOptions {
  readonly catalogue: Catalogue;
  /** A name, or "*" for every namespace. */
  readonly namespace: string;
  readonly filter?: Filter<Service>;
  readonly onPending: () => void;
  readonly onUnsubscribe: () => void;
}

interface Step {
  /** True when the reader was told of it before. */
  readonly before: boolean;
  readonly ref: ServiceRef;
  after: Service | undefined;
}

/** What a watch of services says: the list, then what changed in it. Merged by service while nobody asks. */
export class ServicesNarrator implements Narrator<ServicesBatch> {
  readonly #options: ServicesNarratorOptions;
  #pending = new Map<string, Step>();
  #pendingRevision = 0n;
  #folding = new Map<string, Step>();

  constructor(options: ServicesNarratorOptions) {
    this.#options = options;
  }

  get pending(): boolean {
    return this.#pending.size > 0;
  }

  /** Takes what one commit did to services. */
  offer(changes: readonly ServiceChanges[], revision: bigint): void {
    let concerned = false;
    for (const change of changes) concerned = this.#add(this.#pending, change) || concerned;
    if (!concerned) return;
    this.#pendingRevision = revision;
    if (this.pending) this.#options.onPending();
  }

  full(): ServicesBatch[] {
    this.#pending.clear();
    const { catalogue, namespace } = this.#options;
    const put: ListedService[] = [];
    for (const entry of catalogue.entries(namespace)) {
      if (this.#shows(entry.service)) put.push(this.#listed(entry.service));
    }
    return this.#cut(put, [], catalogue.revision, { reset: true, synced: true });
  }

  fold(changes: readonly ServiceChanges[]): void {
    for (const change of changes) this.#add(this.#folding, change);
  }

  folded(revision: bigint, synced: boolean): ServicesBatch[] {
    const steps = this.#folding;
    this.#folding = new Map();
    return this.#tell(steps, revision, synced);
  }

  take(): ServicesBatch[] {
    const steps = this.#pending;
    this.#pending = new Map();
    return this.#tell(steps, this.#pendingRevision, false);
  }

  bookmark(revision: bigint): ServicesBatch {
    return { revision, reset: false, put: [], removed: [], synced: false };
  }

  revisionOf(batch: ServicesBatch): bigint {
    return batch.revision;
  }

  unsubscribe(): void {
    this.#pending.clear();
    this.#options.onUnsubscribe();
  }

  #add(steps: Map<string, Step>, change: ServiceChanges): boolean {
    const { namespace } = this.#options;
    if (!change.described || (namespace !== "*" && namespace !== change.namespace)) return false;
    const key = `${change.namespace}/${change.name}`;
    const before = steps.get(key)?.before ?? (change.before !== undefined && this.#shows(change.before));
    const after = change.after && this.#shows(change.after) ? change.after : undefined;
    const waited = steps.delete(key); // so that setting it again puts it last
    if (!before && !after) return waited;
    steps.set(key, { before, ref: { namespace: change.namespace, name: change.name }, after });
    return true;
  }

  #tell(steps: ReadonlyMap<string, Step>, revision: bigint, synced: boolean): ServicesBatch[] {
    const put: ListedService[] = [];
    const removed: ServiceRef[] = [];
    for (const { ref, after } of steps.values()) {
      if (after) put.push(this.#listed(after));
      else removed.push(ref);
    }
    return this.#cut(put, removed, revision, { reset: false, synced });
  }

  #cut(
    put: readonly ListedService[],
    removed: readonly ServiceRef[],
    revision: bigint,
    { reset, synced }: { reset: boolean; synced: boolean },
  ): ServicesBatch[] {
    const cut: Pick<ServicesBatch, "put" | "removed">[] = [
      ...cutBySize(put, ({ service }) => serviceBytes(service)).map((piece) => ({ put: piece, removed: [] })),
      ...cutBySize(removed, () => REMOVED_BYTES).map((piece) => ({ put: [], removed: piece })),
    ];
    // One commit is one response; so few that they fit whatever they say need not be told apart.
    if (put.length + removed.length <= MAX_UNMEASURED) cut.splice(0, cut.length, { put, removed });
    return cut.map((piece, index) => {
      const last = index === cut.length - 1;
      return { ...piece, revision: last ? revision : 0n, reset: reset && index === 0, synced: synced && last };
    });
  }

  #shows(service: Service): boolean {
    return this.#options.filter?.matches(service) ?? true;
  }

  #listed(service: Service): ListedService {
    const entry = this.#options.catalogue.entry(service);
    const instanceCount = entry?.instances.size ?? 0;
    return { service, instanceCount, servingCount: entry?.serving ?? 0, panic: entry !== undefined && panics(entry) };
  }
}

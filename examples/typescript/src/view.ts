import { setTimeout as delay } from "node:timers/promises";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  type DiscoveredInstance,
  DiscoveryService,
  type ServiceUpdate,
  type WatchResponse,
} from "../gen/portolan/discovery/v1/discovery_pb.js";
import { backoffMs } from "./plane.js";

/** How often the plane says at least that nothing is missing; three of these in silence mean that the stream is dead. */
const BOOKMARK_SECONDS = 5;

/** Instance id -> what the plane says of it. */
export type Instances = ReadonlyMap<string, DiscoveredInstance>;

/** One service's instances, kept up to date by a watch. Without a connection it stays as it was last known. */
export class ServiceView {
  /** Replaced as a whole, so that no reader ever sees half of a change. */
  instances: Instances = new Map();
  /** The point to resume after; 0 until the first full set is complete. */
  revision = 0n;
  #pending: ServiceUpdate[] = [];
  #resetting = false;

  /** Takes a response; true when the view moved on, false when this was but a piece and more follows. */
  take(response: WatchResponse): boolean {
    if (response.reset) {
      this.#resetting = true;
      this.#pending = [];
    }
    this.#pending.push(...response.updates);
    // Pieces carry revision 0. A reset is complete with synced: until then the old view is better than a part of the new.
    if (!response.synced && (response.revision === 0n || this.#resetting)) return false;
    const instances = new Map(this.#resetting ? [] : this.instances);
    for (const update of this.#pending) {
      if (update.reset || !update.exists) instances.clear();
      for (const put of update.put) instances.set(put.instance?.id ?? "", put);
      for (const id of update.removed) instances.delete(id);
    }
    this.instances = instances;
    this.revision = response.revision;
    this.dropPieces();
    return true;
  }

  /** Forgets an answer that was not finished: a resumed watch tells its changes again. */
  dropPieces(): void {
    this.#pending = [];
    this.#resetting = false;
  }

  /** Those to call now, by id: the best priority there is, without those that take no new calls. */
  candidates(): DiscoveredInstance[] {
    const open = [...this.instances.values()].filter(({ effectiveWeight }) => effectiveWeight > 0);
    const best = Math.min(...open.map(({ priority }) => priority));
    const byId = (a: DiscoveredInstance, b: DiscoveredInstance) =>
      (a.instance?.id ?? "") < (b.instance?.id ?? "") ? -1 : 1;
    return open.filter(({ priority }) => priority === best).sort(byId);
  }
}

/** What a watch needs; `onChange` gets the instances before and after each change. */
export interface WatchOptions {
  readonly plane: Transport;
  readonly service: string;
  readonly view: ServiceView;
  readonly signal: AbortSignal;
  readonly onChange: (before: Instances, after: Instances) => void;
}

/** Keeps `view` up to date until `signal` aborts; resumes where it stopped when the stream breaks. */
export async function watchService({ plane, service, view, signal, onChange }: WatchOptions): Promise<void> {
  const discovery = createClient(DiscoveryService, plane);
  let failures = 0;
  while (!signal.aborted) {
    const silence = new AbortController();
    const watchdog = setTimeout(() => silence.abort(new Error("no bookmark came")), 3 * BOOKMARK_SECONDS * 1_000);
    try {
      const request = {
        targets: [{ service }],
        consumer: "example-consumer",
        afterRevision: view.revision,
        bookmarkInterval: { seconds: BigInt(BOOKMARK_SECONDS) },
      };
      for await (const response of discovery.watch(request, { signal: AbortSignal.any([signal, silence.signal]) })) {
        watchdog.refresh();
        failures = 0;
        const before = view.instances;
        if (view.take(response)) onChange(before, view.instances);
        if (response.synced) console.log(`synced at revision ${view.revision}`);
      }
    } catch (error) {
      if (!signal.aborted)
        console.log(`watch lost: ${ConnectError.from(error).message}; ${view.instances.size} instances kept`);
    } finally {
      clearTimeout(watchdog);
      view.dropPieces();
    }
    await delay(backoffMs(failures++), undefined, { signal }).catch(() => undefined);
  }
}

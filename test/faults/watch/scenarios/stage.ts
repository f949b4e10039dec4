import { AdminService, type GetInfoResponse } from "../../../../gen/portolan/admin/v1/admin_pb.js";
import { Health, RegistryService } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import { Plane } from "../../../support/process/plane.js";
import { ClientView } from "../record/client-view.js";
import { ResponseReader, type Told } from "../record/told.js";
import { WatchStream } from "../record/watch-stream.js";
import type { WatchedTarget, Watching } from "../record/watching.js";
import { type Content, toInstance } from "../truth/content.js";
import { Replay } from "../truth/replay.js";
import { Truth } from "../truth/truth.js";
import { type Deeds, WriteLog } from "../truth/write.js";
import { VALIDATORS } from "../validators/all.js";
import { converged } from "../validators/converged.js";
import type { Compaction } from "../validators/finding.js";
import { type Wire, Wires } from "../wire.js";

const { method } = RegistryService;
/** Small, so that what a stream is told by a bookmark comes soon. */
const BOOKMARK_MS = 1_000;

/** A client of a scenario: what it is told, and what it holds. */
export interface Spectator {
  readonly stream: WatchStream;
  readonly view: ClientView;
  readonly told: readonly Told[];
}

/** One real server, whose writes are all known: for scenarios that judge streams as the rounds do. */
export class Stage implements AsyncDisposable {
  readonly #plane: Plane;
  readonly #wires: Wires;
  readonly #wire: Wire;
  readonly #writes = new WriteLog();
  readonly #compactions: Compaction[] = [];
  readonly #reader = new ResponseReader();

  private constructor(plane: Plane) {
    this.#plane = plane;
    this.#wires = new Wires(plane.grpc);
    this.#wire = this.#wires.connect();
  }

  static async open(flags: Readonly<Record<string, string>> = {}): Promise<Stage> {
    return new Stage(await Plane.start({ flags }));
  }

  /** The newest revision that a writer was told. */
  get acknowledged(): number {
    return this.#writes.newest;
  }

  /** Ids that acknowledged registrations named. */
  get acknowledgedIds(): string[] {
    const deeds = [...this.#writes.acknowledged.values()].flat();
    return deeds.flatMap((deed) => (deed.kind === "put" ? [deed.content.id] : []));
  }

  /** Registers instances of "x", unless said, in one commit; answers its revision. Rejects when no answer comes. */
  async register(ids: readonly string[], more: Partial<Content> = {}): Promise<number> {
    const contents = ids.map((id): Content => ({ ...CONTENT, id, ...more }));
    const requests = contents.map((content) => ({ instance: toInstance(content), ttl: {} }));
    const { revision } = await this.#wire.unary(method.registerBatch, { requests });
    const deeds = contents.map((content) => ({ kind: "put" as const, content }));
    return this.#acknowledge(revision, deeds);
  }

  async deregister(id: string): Promise<number> {
    const instance = { namespace: CONTENT.namespace, service: CONTENT.service, id };
    const { revision } = await this.#wire.unary(method.deregister, { instance });
    return this.#acknowledge(revision, [{ kind: "remove", ...instance }]);
  }

  /** With all its instances. */
  async deleteService(name: string): Promise<number> {
    const { namespace } = CONTENT;
    const { revision } = await this.#wire.unary(method.deleteService, { namespace, name, cascade: true });
    return this.#acknowledge(revision, [{ kind: "delete-service", namespace, service: name }]);
  }

  async compact(revision: number): Promise<void> {
    const compaction = { revision, askedMs: performance.now(), answeredMs: Number.POSITIVE_INFINITY };
    this.#compactions.push(compaction);
    await this.#wire.unary(AdminService.method.compact, { revision: BigInt(revision) });
    compaction.answeredMs = performance.now();
  }

  info(): Promise<GetInfoResponse> {
    return this.#wire.unary(AdminService.method.getInfo, {});
  }

  /** Opens a watch on a connection of its own, or on one that others have, too. */
  watch(
    name: string,
    options: {
      readonly targets?: readonly WatchedTarget[];
      readonly afterRevision?: number;
      readonly earlier?: Spectator;
      readonly wire?: Wire;
      readonly bookmarkIntervalMs?: number;
    } = {},
  ): Spectator {
    const view = options.earlier?.view.copy() ?? new ClientView();
    const told: Told[] = [];
    const { targets = [X], bookmarkIntervalMs = BOOKMARK_MS } = options;
    const watching: Watching = { ...WATCHING, targets, bookmarkIntervalMs };
    const stream = new WatchStream({
      name,
      wire: options.wire ?? this.connect(),
      watching,
      reader: this.#reader,
      afterRevision: options.afterRevision ?? view.revision,
      knownRevision: this.acknowledged,
      onTold: (response) => {
        told.push(response);
        view.take(response);
      },
    });
    return { stream, view, told };
  }

  connect(): Wire {
    return this.#wires.connect();
  }

  /** As a power failure. */
  async kill(): Promise<void> {
    await this.#plane.kill();
  }

  async start(): Promise<void> {
    await this.#plane.start();
  }

  /** Holds streams against all that was acknowledged; answers what is wrong with them. */
  judge(...spectators: readonly Spectator[]): string[] {
    const truth = this.#truth();
    const background = { truth, compactions: this.#compactions, historyMaxRevisions: 1_000_000 };
    const judged = spectators.flatMap(({ stream, view }) => {
      const recording = stream.recording(true);
      const found = Object.entries(VALIDATORS).flatMap(([promise, validate]) =>
        validate(recording, background).map((fault) => `${promise}: ${fault}`),
      );
      return [...found, ...converged(recording.watching, view, truth)].map((fault) => `${recording.name}: ${fault}`);
    });
    return [...this.#writes.faults, ...judged];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wires[Symbol.dispose]();
    await this.#plane[Symbol.asyncDispose]();
  }

  #truth(): Truth {
    const replay = new Replay();
    const commits = [...this.#writes.acknowledged].sort(([a], [b]) => a - b);
    for (const [revision, deeds] of commits) replay.apply(revision, deeds);
    // Only the server's record knows times, and scenarios do not read it.
    return new Truth({ last: this.acknowledged, services: replay.services, times: new Map() });
  }

  #acknowledge(revision: bigint, deeds: Deeds): number {
    this.#writes.acknowledge(Number(revision), deeds);
    return Number(revision);
  }
}

/** The service that scenarios are about. */
export const X: WatchedTarget = { namespace: "default", service: "x", endpointName: "" };

const CONTENT: Content = {
  namespace: X.namespace,
  service: X.service,
  id: "a",
  endpoints: [{ name: "grpc", port: 80 }],
  zone: "a",
  weight: undefined,
  version: "1",
  labels: {},
  health: Health.SERVING,
};

const WATCHING: Watching = {
  targets: [X],
  region: "",
  zone: "",
  includeUnhealthy: false,
  bookmarkIntervalMs: BOOKMARK_MS,
};

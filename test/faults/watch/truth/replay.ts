import { type Content, serviceAsContent, type Version } from "./content.js";
import type { Deed, Deeds } from "./write.js";

/** What one commit did to one instance. */
export interface InstanceStep {
  readonly revision: number;
  readonly id: string;
  readonly before: Version | undefined;
  readonly after: Version | undefined;
}

/** One service through all revisions. */
export interface ServiceHistory {
  readonly namespace: string;
  readonly service: string;
  /** In order of revisions. */
  readonly steps: InstanceStep[];
  /** Revisions at which it appeared and went, in turns, the first of them an appearance. */
  readonly turns: number[];
}

/** What a commit did to one thing. */
export type Turn = "appeared" | "changed" | "went";

/** What a commit changed, by place: what the server's record must say of it, too. */
export type Outcome = ReadonlyMap<string, Turn>;

type Place = Pick<Content, "namespace" | "service" | "id">;

/** Where services are kept as if they were instances. It was there from the beginning. */
const CATALOGUE = serviceAsContent("", "", "");

/** Carries out deeds, commit by commit, as the server must. */
export class Replay {
  /** "namespace/service" -> its history. */
  readonly services = new Map<string, ServiceHistory>();
  /** "namespace/service" -> id -> what stands. */
  readonly #standing = new Map<string, Map<string, Version>>();

  constructor() {
    this.#appear(0, CATALOGUE);
  }

  apply(revision: number, deeds: Deeds): Outcome {
    const outcome = new Map<string, Turn>();
    for (const deed of deeds) this.#do(revision, deed, outcome);
    return outcome;
  }

  /** Every instance that stands now. */
  *standing(): Iterable<Version> {
    for (const [service, instances] of this.#standing) if (service !== keyOf(CATALOGUE)) yield* instances.values();
  }

  #do(revision: number, deed: Deed, outcome: Map<string, Turn>): void {
    if (deed.kind === "put") this.#put(revision, deed.content, outcome);
    else if (deed.kind === "remove") this.#step(revision, deed, undefined, outcome);
    else if (deed.kind === "put-service") this.#putService(revision, deed, outcome);
    else this.#deleteService(revision, deed, outcome);
  }

  #put(revision: number, content: Content, outcome: Map<string, Turn>): void {
    if (!this.#standing.has(keyOf(content))) this.#putService(revision, { ...content, description: "" }, outcome);
    this.#step(revision, content, content, outcome);
  }

  #putService(
    revision: number,
    { namespace, service, description }: Pick<Place, "namespace" | "service"> & { readonly description: string },
    outcome: Map<string, Turn>,
  ): void {
    const known = this.#standing.has(`${namespace}/${service}`);
    if (!known) this.#appear(revision, { namespace, service });
    const content = serviceAsContent(namespace, service, description);
    this.#step(revision, content, content, new Map());
    outcome.set(`${namespace}/${service}`, known ? "changed" : "appeared");
  }

  #deleteService(revision: number, ref: Pick<Place, "namespace" | "service">, outcome: Map<string, Turn>): void {
    const key = keyOf(ref);
    const standing = this.#standing.get(key);
    if (!standing) return;
    for (const id of [...standing.keys()]) this.#step(revision, { ...ref, id }, undefined, outcome);
    this.#standing.delete(key);
    this.services.get(key)?.turns.push(revision);
    this.#step(revision, serviceAsContent(ref.namespace, ref.service, ""), undefined, new Map());
    outcome.set(key, "went");
  }

  #appear(revision: number, { namespace, service }: Pick<Place, "namespace" | "service">): void {
    const key = `${namespace}/${service}`;
    const history = this.services.get(key) ?? { namespace, service, steps: [], turns: [] };
    this.services.set(key, history);
    history.turns.push(revision);
    this.#standing.set(key, new Map());
  }

  /** @param content undefined where the instance goes; nothing happens where it was not there. */
  #step(revision: number, place: Place, content: Content | undefined, outcome: Map<string, Turn>): void {
    const standing = this.#standing.get(keyOf(place));
    const before = standing?.get(place.id);
    if (!before && !content) return;
    const createRevision = before?.createRevision ?? revision;
    const after = content && { content, createRevision, modRevision: revision };
    if (after) standing?.set(place.id, after);
    else standing?.delete(place.id);
    this.services.get(keyOf(place))?.steps.push({ revision, id: place.id, before, after });
    outcome.set(`${keyOf(place)}/${place.id}`, before ? (after ? "changed" : "went") : "appeared");
  }
}

function keyOf({ namespace, service }: Pick<Place, "namespace" | "service">): string {
  return `${namespace}/${service}`;
}

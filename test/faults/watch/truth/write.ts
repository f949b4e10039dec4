import type { Content } from "./content.js";

/** One thing that a write does to the catalogue. */
export type Deed =
  | { readonly kind: "put"; readonly content: Content }
  | { readonly kind: "remove"; readonly namespace: string; readonly service: string; readonly id: string }
  | { readonly kind: "put-service"; readonly namespace: string; readonly service: string; readonly description: string }
  /** With all its instances. */
  | { readonly kind: "delete-service"; readonly namespace: string; readonly service: string };

/** What one commit does. */
export type Deeds = readonly Deed[];

/** A write of which its writer never heard: it happened between these revisions, or not at all. */
export interface OpenWrite {
  readonly deeds: Deeds;
  /** The writer's last acknowledged revision before it. */
  readonly after: number;
  /** The writer's first acknowledged revision after it; Infinity while there is none. */
  before: number;
}

/** The place of a deed: "namespace/service/id", or "namespace/service" for a service. */
export function placeOf(deed: Deed): string {
  if (deed.kind === "put") return `${deed.content.namespace}/${deed.content.service}/${deed.content.id}`;
  return deed.kind === "remove" ? `${deed.namespace}/${deed.service}/${deed.id}` : `${deed.namespace}/${deed.service}`;
}

/** What writers know of their writes: those that were acknowledged, each with its revision, and those left open. */
export class WriteLog {
  /** revision -> what its writer did. */
  readonly acknowledged = new Map<number, Deeds>();
  readonly open: OpenWrite[] = [];
  /** Two writes that were told one revision: there is no such thing. */
  readonly faults: string[] = [];
  #newest = 0;

  /** The newest revision that anybody was told. */
  get newest(): number {
    return this.#newest;
  }

  acknowledge(revision: number, deeds: Deeds): void {
    if (this.acknowledged.has(revision)) this.faults.push(`two writes were acknowledged at revision ${revision}`);
    this.acknowledged.set(revision, deeds);
    this.#newest = Math.max(this.#newest, revision);
  }
}

/** One writer's part of the log: it writes one thing after the other. */
export class WriterLog {
  readonly #log: WriteLog;
  #last = 0;
  readonly #open: OpenWrite[] = [];

  constructor(log: WriteLog) {
    this.#log = log;
  }

  acknowledge(revision: number, deeds: Deeds): void {
    this.#log.acknowledge(revision, deeds);
    this.#last = revision;
    for (const write of this.#open.splice(0)) write.before = revision;
  }

  leaveOpen(deeds: Deeds): void {
    const write: OpenWrite = { deeds, after: this.#last, before: Number.POSITIVE_INFINITY };
    this.#open.push(write);
    this.#log.open.push(write);
  }
}

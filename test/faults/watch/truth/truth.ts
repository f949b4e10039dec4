import type { Version } from "./content.js";
import type { InstanceStep, ServiceHistory } from "./replay.js";
import { firstAfter } from "./search.js";

/** The history as it was: what every recording is held against. */
export class Truth {
  /** The newest revision. */
  readonly last: number;
  /** "namespace/service" -> its history. */
  readonly #services: ReadonlyMap<string, ServiceHistory>;
  /** revision -> when it was committed, in milliseconds. */
  readonly #times: ReadonlyMap<number, number>;
  /** "namespace/service" -> id -> its versions, in order; undefined where it went. */
  readonly #versions = new Map<string, Map<string, { revision: number; version: Version | undefined }[]>>();

  constructor(options: {
    readonly last: number;
    readonly services: ReadonlyMap<string, ServiceHistory>;
    readonly times: ReadonlyMap<number, number>;
  }) {
    this.last = options.last;
    this.#services = options.services;
    this.#times = options.times;
    for (const [place, { steps }] of options.services) this.#versions.set(place, versionsOf(steps));
  }

  /** When a revision was committed; undefined when the server's record does not say. */
  committedAtMs(revision: number): number | undefined {
    return this.#times.get(revision);
  }

  /** Every service of a namespace that ever was. */
  servicesOf(namespace: string): ServiceHistory[] {
    return [...this.#services.values()].filter((history) => history.namespace === namespace);
  }

  service(namespace: string, service: string): ServiceHistory | undefined {
    return this.#services.get(`${namespace}/${service}`);
  }

  /** Whether a service stood at a revision. */
  exists(namespace: string, service: string, revision: number): boolean {
    const turns = this.#services.get(`${namespace}/${service}`)?.turns ?? [];
    return firstAfter(turns, revision, (turn) => turn) % 2 === 1;
  }

  /** What commits after one revision up to another did to a service's instances, in order. */
  steps(namespace: string, service: string, after: number, through: number): readonly InstanceStep[] {
    const steps = this.#services.get(`${namespace}/${service}`)?.steps ?? [];
    const revisionOf = ({ revision }: InstanceStep) => revision;
    return steps.slice(firstAfter(steps, after, revisionOf), firstAfter(steps, through, revisionOf));
  }

  /** Revisions after one up to another at which a service appeared or went. */
  turns(namespace: string, service: string, after: number, through: number): readonly number[] {
    const turns = this.#services.get(`${namespace}/${service}`)?.turns ?? [];
    return turns.filter((turn) => turn > after && turn <= through);
  }

  /** Instances of a service as they stood at a revision. */
  *at(namespace: string, service: string, revision: number): Iterable<Version> {
    for (const versions of this.#versions.get(`${namespace}/${service}`)?.values() ?? []) {
      const version = versions[firstAfter(versions, revision, (entry) => entry.revision) - 1]?.version;
      if (version) yield version;
    }
  }
}

function versionsOf(steps: readonly InstanceStep[]): Map<string, { revision: number; version: Version | undefined }[]> {
  const versions = new Map<string, { revision: number; version: Version | undefined }[]>();
  for (const { id, revision, after } of steps) {
    const known = versions.get(id);
    if (known) known.push({ revision, version: after });
    else versions.set(id, [{ revision, version: after }]);
  }
  return versions;
}

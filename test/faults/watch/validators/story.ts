import { Health } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import type { Recording } from "../record/recording.js";
import type { Told, ToldUpdate } from "../record/told.js";
import { shown, type WatchedTarget, type Watching } from "../record/watching.js";
import type { Content } from "../truth/content.js";
import { Replay } from "../truth/replay.js";
import { Truth } from "../truth/truth.js";
import type { Deeds } from "../truth/write.js";
import type { Background, Validator } from "./finding.js";

/** A short history, for the validators' own tests: what each revision did, and how streams would tell it. */
export class Story {
  readonly truth: Truth;
  readonly watching: Watching;

  constructor(commits: readonly Deeds[], more: Partial<Watching> = {}) {
    const replay = new Replay();
    for (const [index, deeds] of commits.entries()) replay.apply(index + 1, deeds);
    const times = new Map(commits.map((_, index) => [index + 1, 1_000 * (index + 1)]));
    this.truth = new Truth({ last: commits.length, services: replay.services, times });
    this.watching = { ...WATCHING, ...more };
  }

  /** What `validator` finds in a stream of these responses. */
  judge(
    validator: Validator,
    responses: readonly Told[],
    more: Partial<Recording> = {},
    background: Partial<Background> = {},
  ): string[] {
    const recording: Recording = {
      name: "a stream",
      watching: this.watching,
      afterRevision: 0,
      knownRevision: this.truth.last,
      openedMs: 0,
      responses,
      arrivedMs: responses.map((_, index) => index + 1),
      live: true,
      ...more,
    };
    return validator(recording, { truth: this.truth, compactions: [], historyMaxRevisions: 1_000_000, ...background });
  }

  /** A full set of the first target's service as it stood at a revision. */
  full(revision: number, more: Partial<Told> = {}): Told {
    const all = [...this.truth.at("default", "x", revision)].map(({ content }) => content.id);
    return told({
      revision,
      reset: true,
      synced: true,
      updates: [this.update(revision, { reset: true, put: all })],
      ...more,
    });
  }

  /** A response that puts instances as they stood at a revision, and removes others. */
  change(revision: number, put: readonly string[], removed: readonly string[] = [], more: Partial<Told> = {}): Told {
    return told({
      revision,
      committedAtMs: 1_000 * revision,
      updates: [this.update(revision, { put, removed })],
      ...more,
    });
  }

  /** One update of the first target. */
  update(
    revision: number,
    { put, ...more }: { readonly put: readonly string[] } & Partial<Omit<ToldUpdate, "put">>,
  ): ToldUpdate {
    const instances = [...this.truth.at("default", "x", revision)].filter(({ content }) => put.includes(content.id));
    const told = instances.map((version) => ({
      namespace: "default",
      service: "x",
      id: version.content.id,
      modRevision: version.modRevision,
      print: shown(version, this.watching, target()) ?? "hidden",
    }));
    return {
      target: 0,
      namespace: "default",
      service: "x",
      exists: true,
      reset: false,
      removed: [],
      ...more,
      put: told,
    };
  }
}

/** A bookmark. */
export function bookmark(revision: number, more: Partial<Told> = {}): Told {
  return told({ revision, ...more });
}

/** A response; nothing in it unless said. */
export function told(more: Partial<Told>): Told {
  const changes = (more.updates ?? []).reduce((sum, { put, removed }) => sum + put.length + removed.length, 0);
  return { revision: 0, reset: false, synced: false, merged: 0, committedAtMs: 0, updates: [], changes, ...more };
}

/** The service "x" of "default". */
export function target(more: Partial<WatchedTarget> = {}): WatchedTarget {
  return { namespace: "default", service: "x", endpointName: "", ...more };
}

/** One instance of "x" is registered or replaced. */
export function puts(id: string, more: Partial<Content> = {}): Deeds {
  const content: Content = {
    namespace: "default",
    service: "x",
    id,
    endpoints: [{ name: "grpc", port: 80 }],
    zone: "a",
    weight: undefined,
    version: "1",
    labels: {},
    health: Health.SERVING,
    ...more,
  };
  return [{ kind: "put", content }];
}

/** One instance of "x" leaves. */
export function removes(id: string): Deeds {
  return [{ kind: "remove", namespace: "default", service: "x", id }];
}

/** "x" is deleted with all its instances. */
export const deletes: Deeds = [{ kind: "delete-service", namespace: "default", service: "x" }];

const WATCHING: Watching = {
  targets: [target()],
  region: "",
  zone: "",
  includeUnhealthy: false,
  bookmarkIntervalMs: 1_000,
};

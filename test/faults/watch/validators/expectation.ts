import type { Recording } from "../record/recording.js";
import { shown, type WatchedTarget } from "../record/watching.js";
import type { Truth } from "../truth/truth.js";

/** What one target must be told of one service. */
export interface ExpectedService {
  readonly target: number;
  readonly namespace: string;
  readonly service: string;
  readonly exists: boolean;
  /** id -> what must be told of it. */
  readonly put: ReadonlyMap<string, string>;
  readonly removed: ReadonlySet<string>;
  /** Changes that a merge left out, at least and at most. */
  readonly merged: { readonly least: number; readonly most: number };
  /** The newest revision that concerned it; 0 where none did. */
  readonly newest: number;
}

/** What the truth has a target see of a service as it stood at a revision: id -> what must be told. */
export function fullSet(
  truth: Truth,
  recording: Recording,
  target: WatchedTarget,
  service: string,
  revision: number,
): Map<string, string> {
  const set = new Map<string, string>();
  for (const version of truth.at(target.namespace, service, revision)) {
    const print = shown(version, recording.watching, target);
    if (print !== undefined) set.set(version.content.id, print);
  }
  return set;
}

/** The services that a target names, of those that ever were. */
export function servicesOf(truth: Truth, target: WatchedTarget): readonly string[] {
  return target.service === "*" ? truth.servicesOf(target.namespace).map(({ service }) => service) : [target.service];
}

/** What changed between two revisions, as one target must be told of it. */
export function difference(
  truth: Truth,
  recording: Recording,
  { target, service, after, through }: { target: number; service: string; after: number; through: number },
): ExpectedService | undefined {
  const watched = recording.watching.targets[target];
  if (!watched) return undefined;
  const { namespace } = watched;
  const spans = new Map<string, Span>();
  let newest = 0;
  for (const step of truth.steps(namespace, service, after, through)) {
    const before = shown(step.before, recording.watching, watched);
    const now = shown(step.after, recording.watching, watched);
    if (before === undefined && now === undefined) continue;
    newest = step.revision;
    const span = spans.get(step.id);
    if (span) {
      span.now = now;
      span.steps++;
    } else spans.set(step.id, { before, now, steps: 1 });
  }
  newest = Math.max(newest, ...truth.turns(namespace, service, after, through));
  if (newest === 0) return undefined;
  const exists = truth.exists(namespace, service, through);
  return { ...outcome(spans), target, namespace, service, exists, newest };
}

interface Span {
  readonly before: string | undefined;
  now: string | undefined;
  steps: number;
}

function outcome(spans: ReadonlyMap<string, Span>): Pick<ExpectedService, "put" | "removed" | "merged"> {
  const put = new Map<string, string>();
  const removed = new Set<string>();
  let [least, most] = [0, 0];
  for (const [id, { before, now, steps }] of spans) {
    if (now !== undefined) put.set(id, now);
    else if (before !== undefined) removed.add(id);
    most += steps - 1;
    // An instance that the reader knew has something to be told at each step, so none of them can pass in silence.
    if (before !== undefined) least += steps - 1;
  }
  return { put, removed, merged: { least, most } };
}

import type { Change, ChangeSet, EntityKey, Instance } from "../model/index.js";
import { refOf } from "./head.js";
import { holdingSession, type KnownSession } from "./known-session.js";
import type { RegistryMetrics } from "./metrics.js";

/** Options of `followSessions`. */
export interface SessionFeedOptions {
  /** id -> session. */
  readonly known: ReadonlyMap<string, KnownSession>;
  readonly metrics: RegistryMetrics;
}

/** Takes one durable change into what sessions hold, and tells the clients whom it concerns. */
export function followSessions(options: SessionFeedOptions, changeSet: ChangeSet, change: Change): void {
  const before = instanceOf(change.before);
  const after = instanceOf(change.after);
  const was = sessionOf(options, before);
  const is = sessionOf(options, after);
  if (was && was !== is) lose(options, was, change.key, after);
  if (is && after) is.held.set(change.key, after);
  if (
    is &&
    after &&
    changeSet.actor !== is.actor &&
    drains(after) &&
    !(before && was === is && drainsAlike(before, after))
  ) {
    is.attachment?.direct({ kind: "drain", instance: refOf(after) });
  }
}

/** True for an instance that was told to finish what it has. */
export function drains({ drainMs, voices }: Instance): boolean {
  return drainMs !== undefined || voices?.ordered?.health === "draining";
}

/** True when its client was told already. */
function drainsAlike(before: Instance, after: Instance): boolean {
  return drains(before) && before.drainMs === after.drainMs;
}

/** An instance left a session: it was removed, or another holder took it. */
function lose(
  { metrics }: SessionFeedOptions,
  session: KnownSession,
  key: EntityKey,
  taken: Instance | undefined,
): void {
  session.held.delete(key);
  if (!taken) return;
  metrics.superseded.inc();
  session.attachment?.direct({ kind: "superseded", instance: refOf(taken) });
}

function sessionOf({ known }: SessionFeedOptions, instance: Instance | undefined): KnownSession | undefined {
  return known.get(holdingSession(instance) ?? "");
}

function instanceOf(entity: Change["after"]): Instance | undefined {
  return entity?.kind === "instance" ? entity.value : undefined;
}

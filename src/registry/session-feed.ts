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
  if (is && after && changeSet.cause === "drain" && changeSet.actor !== is.actor) {
    is.attachment?.direct({ kind: "drain", instance: refOf(after) });
  }
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

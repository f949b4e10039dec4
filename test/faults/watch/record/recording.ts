import type { Told, ToldInstance } from "./told.js";
import type { WatchedTarget, Watching } from "./watching.js";

/** One Watch call, as its client saw it. */
export interface Recording {
  /** For messages: which client, and the how-manieth of its streams. */
  readonly name: string;
  readonly watching: Watching;
  /** 0 for a start from nothing. */
  readonly afterRevision: number;
  /** The newest revision that anybody had been told when it was opened. */
  readonly knownRevision: number;
  readonly openedMs: number;
  /** In the order in which they came. */
  readonly responses: readonly Told[];
  /** When each response came. */
  readonly arrivedMs: readonly number[];
  /** True when it was open, and not stalled, at the end of the run. */
  readonly live: boolean;
}

/** What belongs together: pieces and the response that completes them. */
export interface Group {
  readonly revision: number;
  readonly reset: boolean;
  readonly synced: boolean;
  readonly merged: number;
  readonly committedAtMs: number;
  /** "target namespace/service" -> all that was told of it. */
  readonly services: ReadonlyMap<string, GroupedService>;
  readonly arrivedMs: number;
  /** Instances put and removed in it. */
  readonly changes: number;
}

/** What a group tells of one service for one target. */
export interface GroupedService {
  readonly target: number;
  readonly namespace: string;
  readonly service: string;
  exists: boolean;
  /** True when it tells the full set. */
  reset: boolean;
  readonly put: Map<string, ToldInstance>;
  readonly removed: Set<string>;
}

/** The responses of a stream, pieces put together; pieces that were never completed are dropped, as the contract says. */
export function groupsOf(recording: Pick<Recording, "responses" | "arrivedMs">): Group[] {
  const groups: Group[] = [];
  let pieces: Told[] = [];
  for (const [index, told] of recording.responses.entries()) {
    pieces.push(told);
    // An empty store has revision 0, and says `synced` with it.
    if (told.revision === 0 && !told.synced) continue;
    groups.push(toGroup(pieces, told, recording.arrivedMs[index] ?? 0));
    pieces = [];
  }
  return groups;
}

/** The target that a grouped service is about. */
export function targetOf(
  { watching }: Pick<Recording, "watching">,
  { target }: { target: number },
): WatchedTarget | undefined {
  return watching.targets[target];
}

function toGroup(pieces: readonly Told[], last: Told, arrivedMs: number): Group {
  const services = new Map<string, GroupedService>();
  for (const { updates } of pieces) {
    for (const update of updates) {
      const { target, namespace, service, exists, reset } = update;
      const key = `${target} ${namespace}/${service}`;
      const grouped = services.get(key) ?? {
        target,
        namespace,
        service,
        exists,
        reset,
        put: new Map(),
        removed: new Set(),
      };
      services.set(key, grouped);
      grouped.exists = exists;
      for (const told of update.put) grouped.put.set(told.id, told);
      for (const id of update.removed) grouped.removed.add(id);
    }
  }
  const { revision, synced, merged, committedAtMs } = last;
  const changes = pieces.reduce((sum, piece) => sum + piece.changes, 0);
  return { revision, reset: pieces[0]?.reset ?? false, synced, merged, committedAtMs, services, arrivedMs, changes };
}

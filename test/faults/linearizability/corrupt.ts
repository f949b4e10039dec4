import type { Random } from "../support/campaign.js";
import type { History, RecordedCall } from "./history.js";

/** Faults that a server could have, planted into what a good one answered: name -> what makes the history wrong. */
export const CORRUPTIONS: Readonly<Record<string, (history: History, random: Random) => History>> = {
  "two answers are swapped": (history, random) => {
    const [first, second] = twoRemovals(history, random);
    return replaced(history, [first, { revision: second.revision ?? 0 }], [second, { revision: first.revision ?? 0 }]);
  },
  "a revision is answered twice": (history, random) => {
    const [first, second] = twoRemovals(history, random);
    return replaced(history, [second, { revision: first.revision ?? 0 }]);
  },
  "a write is forgotten that was seen": (history, random) => {
    const seen = new Set(history.calls.flatMap((call) => (call.op === "read" ? modsIn(call) : [])));
    const writes = history.calls.filter(({ op, revision = 0 }) => op === "register" && seen.has(revision));
    const lost = random.pick(writes);
    // Whoever wrote the same knows of it too.
    return {
      ...history,
      calls: history.calls.filter(({ op, revision }) => op === "read" || revision !== lost.revision),
    };
  },
  "a read shows what stood before": (history, random) => {
    const reads = history.calls
      .filter(({ method }) => method === "GetInstance")
      .filter(({ outcome }) => outcome === "ok");
    const stale = reads.flatMap((read) => {
      const older = reads.find(
        (other) => other.return < read.call && sameInstance(other, read) && !sameMods(other, read),
      );
      return older ? [[read, { seen: older.seen ?? [] }] as const] : [];
    });
    return replaced(history, random.pick(stale));
  },
};

function twoRemovals({ calls }: History, random: Random): [RecordedCall, RecordedCall] {
  const removals = calls.filter(({ op, revision = 0 }) => op === "deregister" && revision > 0);
  const first = random.pick(removals.slice(0, removals.length / 2));
  return [first, random.pick(removals.filter(({ call }) => call > first.return))];
}

function replaced(history: History, ...changes: readonly (readonly [RecordedCall, Partial<RecordedCall>])[]): History {
  const by = new Map(changes);
  return { ...history, calls: history.calls.map((call) => ({ ...call, ...by.get(call) })) };
}

function sameInstance(a: RecordedCall, b: RecordedCall): boolean {
  return a.service === b.service && a.id === b.id;
}

function sameMods(a: RecordedCall, b: RecordedCall): boolean {
  return modsIn(a).join() === modsIn(b).join();
}

function modsIn({ seen = [] }: RecordedCall): number[] {
  return seen.map(({ mod }) => mod);
}

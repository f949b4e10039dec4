import type { Recorded } from "./event-record.js";
import { type Outcome, Replay } from "./replay.js";
import { Truth } from "./truth.js";
import { type Deed, type Deeds, type OpenWrite, placeOf, type WriteLog } from "./write.js";

/** What is known of the history from both sides. */
export interface Sources {
  readonly writes: Pick<WriteLog, "acknowledged" | "open">;
  /** revision -> what the server's record says of it. */
  readonly record: ReadonlyMap<number, Recorded>;
  /** The revision up to which both sides speak. */
  readonly last: number;
  /** True for an instance that the server may remove by itself: its session or its lease ended. */
  readonly mayExpire: (place: string) => boolean;
}

/** The history, and where the two sides contradict each other. */
export interface Built {
  readonly truth: Truth;
  readonly replay: Replay;
  readonly faults: readonly string[];
}

/**
 * Puts the history together: what writers were told, completed by what the server's record says of writes whose answer was lost
 * and of what it removed by itself. Each revision is held against the record, so neither side is believed alone.
 */
export function buildTruth({ writes, record, last, mayExpire }: Sources): Built {
  const faults: string[] = [];
  const replay = new Replay();
  const times = new Map<number, number>();
  const open = new Set(writes.open);
  for (let revision = 1; revision <= last; revision++) {
    const recorded = record.get(revision);
    if (recorded) times.set(revision, recorded.timeMs);
    const deeds = writes.acknowledged.get(revision) ?? explain(revision, recorded, { open, mayExpire });
    if (!deeds) {
      faults.push(`nobody can say what revision ${revision} did: ${describe(recorded)}`);
      continue;
    }
    const outcome = replay.apply(revision, deeds);
    // The first revision is older than the record's reader.
    if (recorded) faults.push(...contradictions(revision, outcome, recorded));
    else if (revision > 1) faults.push(`the record says nothing of revision ${revision}`);
  }
  return { truth: new Truth({ last, services: replay.services, times }), replay, faults };
}

/** What a revision that no writer was told did; undefined when nothing explains it. */
function explain(
  revision: number,
  recorded: Recorded | undefined,
  { open, mayExpire }: { readonly open: Set<OpenWrite>; readonly mayExpire: (place: string) => boolean },
): Deeds | undefined {
  if (!recorded) return undefined;
  for (const write of open) {
    if (revision <= write.after || revision >= write.before || !explains(write.deeds, recorded)) continue;
    open.delete(write);
    return write.deeds;
  }
  const removals: Deed[] = [];
  for (const [place, types] of recorded.places) {
    if (!types.every(isRemoval) || !mayExpire(place)) return undefined;
    const [namespace = "", service = "", id = ""] = place.split("/");
    removals.push({ kind: "remove", namespace, service, id });
  }
  return removals;
}

/** True when the record tells of these deeds and of nothing else. A removal may have found nothing to remove. */
function explains(deeds: Deeds, { places }: Recorded): boolean {
  const isDone = (deed: Deed) => (places.get(placeOf(deed)) ?? []).some((type) => isTypeOf(deed, type));
  const isDeed = (place: string) => deeds.some((deed) => placeOf(deed) === place || bringsAbout(deed, place));
  const allDone = deeds.every((deed) => deed.kind === "remove" || isDone(deed));
  return allDone && deeds.some(isDone) && [...places.keys()].every(isDeed);
}

/** A service appears with its first instance, and goes with all of them. */
function bringsAbout(deed: Deed, place: string): boolean {
  if (deed.kind === "put") return place === `${deed.content.namespace}/${deed.content.service}`;
  return deed.kind === "delete-service" && place.startsWith(`${placeOf(deed)}/`);
}

function isTypeOf(deed: Deed, type: string): boolean {
  if (deed.kind === "remove") return isRemoval(type);
  if (deed.kind === "delete-service") return type === "service.deleted";
  if (deed.kind === "put-service") return type === "service.put";
  return ["instance.registered", "instance.updated", "instance.health_changed"].includes(type);
}

function isRemoval(type: string): boolean {
  return type === "instance.deregistered" || type === "instance.expired";
}

function contradictions(revision: number, outcome: Outcome, { places }: Recorded): string[] {
  const faults: string[] = [];
  for (const [place, how] of outcome) {
    const types = places.get(place);
    if (!types?.some((type) => saysSo(how, type))) {
      faults.push(`revision ${revision}: ${place} ${how}, but the record says ${types ?? "nothing"}`);
    }
  }
  for (const [place, types] of places) {
    if (!outcome.has(place))
      faults.push(`revision ${revision}: the record says ${types} of ${place}, and nobody did that`);
  }
  return faults;
}

function saysSo(how: "appeared" | "changed" | "went", type: string): boolean {
  if (type === "service.put") return how !== "went";
  if (type === "service.deleted" || isRemoval(type)) return how === "went";
  if (type === "instance.registered") return how === "appeared";
  return how === "changed" && (type === "instance.updated" || type === "instance.health_changed");
}

function describe(recorded: Recorded | undefined): string {
  if (!recorded) return "the record says nothing either";
  return [...recorded.places].map(([place, types]) => `${place} ${types}`).join("; ");
}

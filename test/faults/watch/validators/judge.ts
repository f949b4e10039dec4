import type { ClientView } from "../record/client-view.js";
import type { Recording } from "../record/recording.js";
import type { Watching } from "../record/watching.js";
import { VALIDATORS } from "./all.js";
import { converged } from "./converged.js";
import type { Background } from "./finding.js";

/** All that a run left to be judged. */
export interface Evidence extends Background {
  /** What is wrong before any stream is looked at. */
  readonly faults: readonly string[];
  readonly clients: readonly {
    readonly client: {
      readonly watching: Watching;
      readonly view: ClientView;
      readonly recordings: readonly Recording[];
    };
    /** True when it came to know that it has everything. */
    readonly settled: boolean;
  }[];
}

/** What came of it. */
export interface Findings {
  readonly faults: readonly string[];
  readonly streams: number;
  /** Instances put and removed, over all streams. */
  readonly changes: number;
  /** Of these, those in full sets. */
  readonly inFullSets: number;
  readonly bookmarks: number;
  readonly merged: number;
  /** Streams that began with `reset`. */
  readonly resets: number;
  readonly resumed: number;
  /** Full sets in the middle of a stream: the reader stood still while his history went. */
  readonly restated: number;
  readonly revisions: number;
}

export function judge(evidence: Evidence): Findings {
  const faults = [...evidence.faults];
  const tally = { streams: 0, changes: 0, inFullSets: 0, bookmarks: 0, merged: 0, resets: 0, resumed: 0, restated: 0 };
  for (const { client, settled } of evidence.clients) {
    const { watching, view, recordings } = client;
    for (const recording of recordings) {
      count(recording, tally);
      for (const [promise, validate] of Object.entries(VALIDATORS)) {
        faults.push(...validate(recording, evidence).map((fault) => `${promise}: ${recording.name}: ${fault}`));
      }
    }
    const name = recordings[0]?.name ?? "a client that never watched";
    if (!settled) faults.push(`bookmarked: ${name} was never told that it has everything`);
    else faults.push(...converged(watching, view, evidence.truth).map((fault) => `converged: ${name}: ${fault}`));
  }
  return { ...tally, faults, revisions: evidence.truth.last };
}

type Tally = { -readonly [K in Exclude<keyof Findings, "faults" | "revisions">]: number };

function count({ responses }: Recording, tally: Tally): void {
  tally.streams++;
  if (responses[0]?.reset) tally.resets++;
  else if (responses.length > 0) tally.resumed++;
  let synced = false;
  for (const told of responses) {
    tally.changes += told.changes;
    tally.merged += told.merged;
    if (told.updates.length === 0) tally.bookmarks++;
    const full = told.updates.filter(({ reset }) => reset);
    tally.inFullSets += full.reduce((sum, { put }) => sum + put.length, 0);
    if (synced && full.length > 0) tally.restated++;
    synced ||= told.synced;
  }
}

import type { SessionRecord } from "../../../src/model/index.js";
import { openLevelStore, type Store, StoreOpenError } from "../../../src/store/index.js";
import { collect, sorted, stateOf } from "../../suites/store/kit.js";
import { storeOptions } from "../../support/store-options.js";

/** All that a store was told and answered: what has to be there when it is opened again. */
export interface Memory {
  readonly state: string;
  readonly sessions: string;
  readonly revision: string;
  /** Every change set from revision 1 on. */
  readonly history: readonly string[];
}

/** What became of opening a directory. "whole": it is what it was at the moment of this number. */
export type Outcome =
  | { readonly kind: "whole"; readonly moment: number }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "wrong"; readonly what: string };

/** Remembers what a store holds, over all its openings. */
export class Recorder {
  readonly #history: string[] = [];

  /** Listens to a store that was just opened. */
  attend(store: Store): void {
    store.subscribe((changeSets) => this.#history.push(...changeSets.map(textOf)));
  }

  /** What it holds now. */
  remember(store: Store): Memory {
    return { ...standing(store), history: [...this.#history] };
  }
}

/** Opens the store of a directory and compares it with what it may hold. Never rejects for what it finds. */
export async function openAndCompare(dataDir: string, moments: readonly Memory[]): Promise<Outcome> {
  let store: Store;
  try {
    store = await openLevelStore(storeOptions({ dataDir }));
  } catch (error) {
    return refusal(error);
  }
  try {
    const differences = await Promise.all(moments.map((memory) => difference(store, memory)));
    const moment = differences.indexOf(undefined);
    return moment < 0 ? { kind: "wrong", what: differences.join("; or ") } : { kind: "whole", moment };
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

/** A refusal is one line for an operator that names the way out. */
function refusal(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof StoreOpenError)) return { kind: "wrong", what: `it failed with ${message}` };
  if (error.code !== "CORRUPT" || !message.includes("portolan restore") || message.includes("\n"))
    return { kind: "wrong", what: `it says ${error.code}: ${message}` };
  return { kind: "refused", message };
}

async function difference(store: Store, memory: Memory): Promise<string | undefined> {
  const found = standing(store);
  for (const part of ["revision", "state", "sessions"] as const)
    if (found[part] !== memory[part]) return `${part} is ${found[part]}, not ${memory[part]}`;
  const { compactedRevision } = store.status();
  const history = (await collect(store.changes({ after: compactedRevision }))).map(textOf);
  const expected = memory.history.slice(Number(compactedRevision));
  if (JSON.stringify(history) !== JSON.stringify(expected)) return "history is not what the feed told";
  return undefined;
}

function standing(store: Store) {
  const snapshot = store.snapshot();
  const sessions = [...snapshot.sessions].sort((a: SessionRecord, b: SessionRecord) => (a.id < b.id ? -1 : 1));
  return { state: textOf(sorted(stateOf(snapshot))), sessions: textOf(sessions), revision: String(snapshot.revision) };
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}

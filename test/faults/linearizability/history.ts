import { open } from "node:fs/promises";

/** What is told of one service or instance: its value, and when it was created and last changed. */
export interface Cell {
  readonly value: string;
  readonly create: number;
  readonly mod: number;
  /** The session that holds it; empty for none, and for a service. */
  readonly holder: string;
}

/** One instance in an answer. */
export interface SeenInstance extends Cell {
  readonly id: string;
}

/** One instance that is to be written. */
export interface WantedItem {
  readonly id: string;
  readonly value: string;
  readonly expected?: number;
}

/** What was asked for; see test/faults/lincheck/history.go for each field. */
export interface Asked {
  readonly method: string;
  readonly op: "register" | "update" | "deregister" | "put" | "drop" | "read";
  /** The session in which it was asked; absent outside of one. */
  readonly session?: string;
  readonly service: string;
  readonly id?: string;
  readonly items?: readonly WantedItem[];
  readonly value?: string;
  readonly cascade?: boolean;
  readonly expected?: number;
  readonly min?: number;
}

/** What came of it. */
export interface Told {
  readonly outcome: "ok" | "conflict" | "missing" | "notempty" | "superseded" | "unknown";
  readonly revision?: number;
  /** Of a conflict: the instance, absent for the service. */
  readonly id?: string;
  readonly actual?: number;
  readonly seen?: readonly SeenInstance[];
  readonly all?: boolean;
  readonly present?: boolean;
  readonly exists?: boolean;
  readonly about?: Cell;
  readonly count?: number;
}

/** A call as the checker reads it, times in ns of one clock. */
export interface RecordedCall extends Asked, Told {
  readonly client: number;
  readonly call: number;
  readonly return: number;
  /** When its connection was made. */
  readonly since: number;
}

/** The catalogue at a quiet moment. */
export interface Quiet {
  readonly revision: number;
  /** Services that exist, by name. */
  readonly services: Readonly<Record<string, Cell & { readonly instances: Readonly<Record<string, Cell>> }>>;
}

/** The calls from one quiet moment to the next, with the reads of the latter. */
export interface History {
  readonly before: Quiet;
  readonly calls: readonly RecordedCall[];
}

/** Now, in whole ns: fine enough, and exact for a hundred days. */
export function now(): number {
  return Math.round(performance.now() * 1e6);
}

const LINES_AT_ONCE = 5_000;

/** Writes a history for the checker: the quiet moment before it, then the calls. */
export async function writeHistory(path: string, { before, calls }: History): Promise<void> {
  await using file = await open(path, "w");
  await file.write(`${JSON.stringify({ epoch: before })}\n`);
  for (let from = 0; from < calls.length; from += LINES_AT_ONCE) {
    const lines = calls.slice(from, from + LINES_AT_ONCE).map((call) => JSON.stringify(call));
    await file.write(`${lines.join("\n")}\n`);
  }
}

import type { ChangeSet, Entity } from "../../model/index.js";
import { checksumOf } from "../codec/checksum.js";
import type { LedgerState } from "../ledger.js";
import type { Write } from "./disk.js";

/** What the state of a store comes to, so that a record which is missing or older than it should be shows. */
export interface Tally {
  /** The newest revision. */
  readonly revision: bigint;
  /** When it was committed: wall clock, milliseconds since the epoch. */
  readonly committedAtMs: number;
  /** How many batches were written. */
  readonly batch: bigint;
  readonly services: number;
  readonly instances: number;
  readonly sessions: number;
  /** The sum of the modRevision of every entity, modulo 2^64. */
  readonly revisionSum: bigint;
  /** The sum of the checksums of all session records, modulo 2^32. */
  readonly sessionSum: number;
}

/** A store in which nothing ever was. */
export const EMPTY_TALLY: Tally = {
  revision: 0n,
  committedAtMs: 0,
  batch: 0n,
  services: 0,
  instances: 0,
  sessions: 0,
  revisionSum: 0n,
  sessionSum: 0,
};

/** Up to where a tally counts. */
export type TallyHead = Pick<Tally, "revision" | "committedAtMs" | "batch">;

/** session record's key -> its checksum as it lies on disk. */
export type SessionChecksums = ReadonlyMap<string, number>;

/** A tally under construction. */
export class TallyCount {
  readonly #counts = { service: 0, instance: 0 };
  #sessions: number;
  #revisionSum: bigint;
  #sessionSum: number;

  /** Goes on from a tally. */
  constructor({ services, instances, sessions, revisionSum, sessionSum }: Tally = EMPTY_TALLY) {
    this.#counts.service = services;
    this.#counts.instance = instances;
    this.#sessions = sessions;
    this.#revisionSum = revisionSum;
    this.#sessionSum = sessionSum;
  }

  /** Counts an entity, or with -1 takes it back. */
  entity({ kind, value }: Entity, times: 1 | -1 = 1): void {
    this.#counts[kind] += times;
    this.#revisionSum += times === 1 ? value.modRevision : -value.modRevision;
  }

  /** Counts a session record by its checksum, or with -1 takes it back. */
  session(checksum: number, times: 1 | -1 = 1): void {
    this.#sessions += times;
    this.#sessionSum += times * checksum; // exact: there are far fewer than 2^21 sessions
  }

  /** What was counted. */
  tally({ revision, committedAtMs, batch }: TallyHead): Tally {
    const { service: services, instance: instances } = this.#counts;
    const revisionSum = BigInt.asUintN(64, this.#revisionSum);
    const sessionSum = ((this.#sessionSum % 2 ** 32) + 2 ** 32) % 2 ** 32;
    return { revision, committedAtMs, batch, services, instances, sessions: this.#sessions, revisionSum, sessionSum };
  }
}

/** What a batch changes. */
export interface TallyBatch {
  /** Its number. */
  readonly batch: bigint;
  readonly changeSets: readonly ChangeSet[];
  /** The last write of each session record in it. */
  readonly sessions: readonly Write[];
}

/** The tally after a batch: costs what the batch changes, however large the state is. */
export function advanceTally(tally: Tally, checksums: SessionChecksums, changed: TallyBatch): Tally {
  const count = new TallyCount(tally);
  for (const { changes } of changed.changeSets) {
    for (const { before, after } of changes) {
      if (before) count.entity(before, -1);
      if (after) count.entity(after);
    }
  }
  for (const { key, value } of changed.sessions) {
    const before = checksums.get(key);
    if (before !== undefined) count.session(before, -1);
    if (value) count.session(checksumOf(value));
  }
  const { revision, committedAtMs } = changed.changeSets.at(-1) ?? tally;
  return count.tally({ revision, committedAtMs, batch: changed.batch });
}

/** What is wrong with a state, in a few words; undefined when it comes to what was counted as it was written. */
export function faultOf(tally: Tally, state: LedgerState, checksums: SessionChecksums): string | undefined {
  const count = new TallyCount();
  for (const entity of state.entities) count.entity(entity);
  for (const checksum of checksums.values()) count.session(checksum);
  const found = count.tally(tally);
  for (const what of ["services", "instances", "sessions"] as const)
    if (found[what] !== tally[what]) return `it holds ${found[what]} ${what}, and ${tally[what]} were written`;
  if (found.revisionSum !== tally.revisionSum) return "some of its services or instances are older than was written";
  if (found.sessionSum !== tally.sessionSum) return "some of its sessions are older than was written";
  return undefined;
}

import type { Logger } from "pino";
import type { ChangeSet } from "../../model/index.js";
import type { Store } from "../../store/index.js";
import { type Clock, Signal, type Timer } from "../../stream/index.js";
import type { TelemetryMetrics } from "../metrics.js";
import { eventsOf } from "./describe.js";
import { noticeDraft } from "./describe-notice.js";
import type { Event, EventPlace, Notice } from "./event.js";
import type { EventLog } from "./event-log.js";
import type { RecentEvents } from "./recent-events.js";
import { type Item, RecorderQueue } from "./recorder-queue.js";

/** Options of the recorder. */
export interface EventRecorderOptions {
  readonly store: Store;
  readonly events: EventLog;
  readonly recent: RecentEvents;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: TelemetryMetrics;
  /** Changes that may wait; beyond it the store's history is read instead. */
  readonly maxPendingChanges: number;
  /** How long changes wait to be recorded together while nobody reads, in milliseconds. */
  readonly gatherMs: number;
}

/** How long after a failed write it is tried again. */
const RETRY_MS = 1_000;
/** Changes recorded in one batch, unless a single commit has more. */
const BATCH_CHANGES = 500;

/**
 * Turns the store's feed into the event log, so that no commit is left out although the log is not synced with it.
 *
 * State machine: behind (it reads the store's history after the newest revision recorded: at the start, and when too much
 * waited) -> following (it records what the feed brings: at once while somebody tails or asks, else together, when enough
 * has come or some time has passed, because one write of many changes costs far less than many writes). A write that fails is tried until it succeeds; meanwhile the
 * feed goes on, and what does not fit the queue is read from the history afterwards. Events are published to tails when
 * they are written, so whatever a tail has read is there to be read again.
 */
export class EventRecorder implements AsyncDisposable {
  readonly #options: EventRecorderOptions;
  readonly #queue: RecorderQueue;
  readonly #wake = new Signal();
  readonly #stop = new AbortController();
  readonly #unsubscribe: () => void;
  #waiting: Waiting[] = [];
  #noticesOffered = 0;
  #noticesRecorded = 0;
  /** Set while a write has failed and is not tried yet: ends the pause. */
  #resume: (() => void) | undefined;
  #retry: Timer | undefined;
  /** Set while changes wait for others. */
  #gathering: Timer | undefined;
  #gathered = false;
  #running: Promise<void>;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#queue = new RecorderQueue(options);
    this.#unsubscribe = options.store.subscribe((changeSets) => this.#offer(changeSets));
    this.#running = this.#run();
  }

  /** Records what is no change of state, in order with the commits around it. */
  notice(event: Notice): void {
    if (this.#queue.addNotice(event)) this.#noticesOffered++;
    this.#wake.notify();
  }

  /** Resolves when all that happened before the call is recorded, or cannot be recorded now. */
  settled(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    const { revision } = this.#options.store.status();
    const notices = this.#noticesOffered;
    return new Promise((resolve) => {
      this.#waiting.push({ revision, notices, resolve });
      this.#release(this.#resume !== undefined);
      this.hurry();
    });
  }

  /** Somebody began to read: what waits for more is recorded now. */
  hurry(): void {
    this.#wake.notify();
  }

  /** Records what waits, then stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    await this.settled();
    this.#stop.abort();
    this.#wake.notify();
    this.#retry?.cancel();
    this.#gathering?.cancel();
    this.#resume?.();
    await this.#running;
  }

  #offer(changeSets: readonly ChangeSet[]): void {
    for (const changeSet of changeSets) this.#queue.add(changeSet);
    this.#wake.notify();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#queue.takeOverrun()) {
        await this.#catchUp();
        continue;
      }
      if (this.#isDue()) await this.#record(this.#take());
      else await this.#wake.wait();
    }
  }

  /** Whether something waits that is to be recorded now; if it may wait for more, for how long begins to be counted. */
  #isDue(): boolean {
    const { recent, clock, gatherMs } = this.#options;
    if (this.#queue.isEmpty) return false;
    if (this.#gathered || this.#queue.size >= BATCH_CHANGES) return true;
    if (recent.hasReaders || this.#waiting.length > 0) return true;
    this.#gathering ??= clock.after(gatherMs, () => {
      this.#gathered = true;
      this.#wake.notify();
    });
    return false;
  }

  #take(): Item[] {
    this.#gathering?.cancel();
    this.#gathering = undefined;
    this.#gathered = false;
    return this.#queue.take(BATCH_CHANGES);
  }

  async #catchUp(): Promise<void> {
    const { store, events, log } = this.#options;
    try {
      const { compactedRevision } = store.status();
      if (events.next.revision < compactedRevision) await this.#skip(compactedRevision);
      await this.#replay(events.next.revision);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      log.warn({ err: error }, "the event log could not read the store's history; it tries again");
      this.#queue.overrun();
      await this.#pause();
    }
  }

  async #replay(after: bigint): Promise<void> {
    let items: ChangeSet[] = [];
    let changes = 0;
    for await (const changeSet of this.#options.store.changes({ after, signal: this.#stop.signal })) {
      items.push(changeSet);
      changes += changeSet.changes.length;
      if (changes < BATCH_CHANGES) continue;
      await this.#record(items);
      items = [];
      changes = 0;
    }
    await this.#record(items);
  }

  async #skip(revision: bigint): Promise<void> {
    const { events, log } = this.#options;
    // So it is after a restore, and when telemetry's database is new.
    if (events.empty) log.info({ revision }, "the event log begins here: there is no earlier history");
    else {
      const { revision: recorded } = events.next;
      log.warn({ recorded, revision }, "history was compacted before its events were recorded: they are missing");
    }
    await this.#untilWritten(() => this.#options.events.skipTo(revision));
    this.#release(false);
  }

  /** Writes events, then publishes them. */
  async #record(items: readonly Item[]): Promise<void> {
    const { events, recent } = this.#options;
    const { placed, next } = place(items, events.next);
    if (placed.length === 0 || !(await this.#untilWritten(() => events.append(placed, next)))) return;
    for (const item of items) if ("type" in item) this.#noticesRecorded++;
    recent.publish(placed);
    this.#release(false);
  }

  /** Tries until it succeeds; false when the recorder is stopped before. */
  async #untilWritten(write: () => Promise<boolean>): Promise<boolean> {
    while (!(await write())) {
      if (this.#stop.signal.aborted) return false;
      await this.#pause();
    }
    return true;
  }

  async #pause(): Promise<void> {
    this.#release(true);
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
      this.#retry = this.#options.clock.after(RETRY_MS, resolve);
    });
    this.#resume = undefined;
  }

  /** Resolves those who wait for no more than what is recorded, or all of them. */
  #release(all: boolean): void {
    const { revision } = this.#options.events.next;
    const isDone = (waiting: Waiting) =>
      all || (waiting.revision <= revision && waiting.notices <= this.#noticesRecorded);
    const done = this.#waiting.filter(isDone);
    if (done.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !isDone(waiting));
    for (const { resolve } of done) resolve();
  }
}

/** Somebody who waits until a revision and a number of notices are recorded. */
interface Waiting {
  readonly revision: bigint;
  readonly notices: number;
  readonly resolve: () => void;
}

/** Gives events their places behind `next`, those of commits that are recorded already left out. */
function place(items: readonly Item[], next: EventPlace): { placed: Event[]; next: EventPlace } {
  const placed: Event[] = [];
  let { revision, order } = next;
  for (const item of items) {
    if ("type" in item) {
      placed.push({ ...noticeDraft(item), place: { revision, order } });
      order++;
    } else if (item.revision > revision) {
      const events = eventsOf(item);
      placed.push(...events);
      revision = item.revision;
      order = events.length;
    }
  }
  return { placed, next: { revision, order } };
}

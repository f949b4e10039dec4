import type { ChangeSet } from "../../model/index.js";
import type { TelemetryMetrics } from "../metrics.js";
import type { Notice } from "./event.js";

/** What waits to be recorded. */
export type Item = ChangeSet | Notice;

/** Options of the queue. */
export interface RecorderQueueOptions {
  readonly metrics: TelemetryMetrics;
  /** Changes that may wait, and notices that may wait. */
  readonly maxPendingChanges: number;
}

/**
 * What the feed brought and is not recorded yet, in order and bounded.
 *
 * When too many changes wait all of them are let go, because the store's history has them; notices, which are
 * nowhere else, stay up to the same number and are then dropped and counted.
 */
export class RecorderQueue {
  readonly #options: RecorderQueueOptions;
  #items: Item[] = [];
  #changes = 0;
  #notices = 0;
  /** It starts so: what was committed before the program started comes from the history. */
  #overrun = true;

  constructor(options: RecorderQueueOptions) {
    this.#options = options;
  }

  /** True when nothing waits. A change set without changes waits too. */
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Changes and notices that wait. */
  get size(): number {
    return this.#changes + this.#notices;
  }

  /** Takes a change set; lets go of all of them when too much waits. */
  add(changeSet: ChangeSet): void {
    if (this.#overrun) return;
    this.#items.push(changeSet);
    this.#changes += changeSet.changes.length;
    if (this.#changes > this.#options.maxPendingChanges) {
      this.#options.metrics.eventsOverrun();
      this.overrun();
    } else this.#options.metrics.eventsPending(this.#items.length);
  }

  /** Takes what is no change; false when it does not fit, and is dropped. */
  addNotice(event: Notice): boolean {
    if (this.#notices >= this.#options.maxPendingChanges) {
      this.#options.metrics.dropped("events", 1);
      return false;
    }
    this.#items.push(event);
    this.#notices++;
    return true;
  }

  /** The first items, about `changes` changes of them. */
  take(changes: number): Item[] {
    let count = 0;
    for (let left = changes; left > 0 && count < this.#items.length; count++) left -= weight(this.#items[count]);
    const taken = this.#items.slice(0, count);
    this.#items = this.#items.slice(count);
    for (const item of taken) {
      if ("type" in item) this.#notices--;
      else this.#changes -= item.changes.length;
    }
    this.#options.metrics.eventsPending(this.#items.length);
    return taken;
  }

  /** Lets go of all change sets: they are read from the history. */
  overrun(): void {
    this.#items = this.#items.filter((item) => "type" in item);
    this.#changes = 0;
    this.#overrun = true;
  }

  /** Whether history must be read; from now on change sets are taken again, so the caller reads it in the same tick. */
  takeOverrun(): boolean {
    const overrun = this.#overrun;
    this.#overrun = false;
    return overrun;
  }
}

function weight(item: Item | undefined): number {
  return item && "changes" in item ? item.changes.length : 1;
}

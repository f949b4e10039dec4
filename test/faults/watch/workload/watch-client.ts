import type { Random } from "../../support/campaign.js";
import { ClientView } from "../record/client-view.js";
import type { Recording } from "../record/recording.js";
import type { ResponseReader } from "../record/told.js";
import { WatchStream } from "../record/watch-stream.js";
import type { Watching } from "../record/watching.js";
import type { WriteLog } from "../truth/write.js";
import { pause, type Wire } from "../wire.js";

export interface WatchClientOptions {
  readonly name: string;
  readonly wire: Wire;
  readonly watching: Watching;
  readonly reader: ResponseReader;
  readonly writes: WriteLog;
  readonly random: Random;
  /** Share of its time in which it does not read, 0 to 1. */
  readonly stalls: number;
}

const MAX_STREAM_MS = 10_000;
const MAX_STALL_MS = 6_000;
/** Beyond every revision of a run. */
const NEVER_REACHED = 1_000_000_000;

/** A client that watches, stops reading, goes away, comes back with what it holds or with what it held long ago. */
export class WatchClient {
  readonly recordings: Recording[] = [];
  /** What it holds, over all its streams. */
  view = new ClientView();
  readonly #options: WatchClientOptions;
  #old = new ClientView();
  #stream: WatchStream | undefined;
  #changed: () => void = () => undefined;

  constructor(options: WatchClientOptions) {
    this.#options = options;
  }

  get watching(): Watching {
    return this.#options.watching;
  }

  /** Watches this way and that until the end, and leaves a stream open. */
  async stir(end: AbortSignal): Promise<void> {
    const { random } = this.#options;
    while (!end.aborted) {
      this.#open(this.#start());
      const until = performance.now() + 300 + random.below(MAX_STREAM_MS);
      while (this.#stream && performance.now() < until && !end.aborted) await this.#readOrStall(end);
      const broke = !this.#stream;
      if (!end.aborted) this.#close(false);
      await pause(random.below(broke ? 1_500 : 300), end);
    }
  }

  /** Reads until it knows that it has everything up to `revision`; false when that does not come to pass in time. */
  async settle(revision: number, patience: AbortSignal): Promise<boolean> {
    while (this.view.revision < revision && !patience.aborted) {
      if (!this.#stream) this.#open(this.view.revision);
      const changed = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      await Promise.race([changed, pause(1_000, patience)]);
    }
    this.#close(true);
    return this.view.revision >= revision;
  }

  async #readOrStall(end: AbortSignal): Promise<void> {
    const { random, stalls } = this.#options;
    if (random.chance(stalls)) {
      const stalled = this.#stream;
      stalled?.stall();
      await pause(200 + random.below(random.pick([1_000, MAX_STALL_MS])), end);
      stalled?.readOn();
    }
    await pause(100 + random.below(500), end);
  }

  /** Where the next stream starts; what it holds fits that. */
  #start(): number {
    const { random } = this.#options;
    const choice = random.below(100);
    if (choice < 8) return 0;
    if (choice < 12) return NEVER_REACHED + random.below(1_000);
    if (choice < 24) this.view = this.#old.copy();
    else if (choice < 50) this.#old = this.view.copy();
    return this.view.revision;
  }

  #open(afterRevision: number): void {
    const { name, wire, watching, writes, reader } = this.#options;
    this.#stream = new WatchStream({
      name: `${name}#${this.recordings.length}`,
      wire,
      watching,
      reader,
      afterRevision,
      knownRevision: writes.newest,
      onTold: (told) => {
        this.view.take(told);
        this.#changed();
      },
      onOver: () => this.#close(false),
    });
  }

  /** @param live true at the end of the run, when it must have been told everything. */
  #close(live: boolean): void {
    const stream = this.#stream;
    if (!stream) return;
    this.#stream = undefined;
    stream.cancel();
    this.recordings.push(stream.recording(live));
    this.view.dropPieces();
    this.#changed();
  }
}

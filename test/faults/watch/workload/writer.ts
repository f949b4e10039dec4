import { type WriteLog, WriterLog } from "../truth/write.js";
import { isUnknown, pause } from "../wire.js";
import { Repertoire, type RepertoireOptions, type Write } from "./repertoire.js";

export interface WriterOptions extends RepertoireOptions {
  readonly writes: WriteLog;
  /** It waits up to this between two writes. */
  readonly maxPauseMs: number;
}

/** How long it waits for a server that does not answer. */
const BACK_OFF_MS = 300;

/** Writes one thing after the other: registers, updates, deregisters, deletes whole services. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #log: WriterLog;
  readonly #repertoire: Repertoire;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#log = new WriterLog(options.writes);
    this.#repertoire = new Repertoire(options);
  }

  async write(end: AbortSignal): Promise<void> {
    const { random, maxPauseMs } = this.#options;
    while (!end.aborted) {
      const write = this.#repertoire.choose();
      const answered = write === undefined || (await this.#carryOut(write));
      await pause(answered ? random.below(maxPauseMs + 1) : BACK_OFF_MS, end);
    }
  }

  /** False when no answer came. */
  async #carryOut({ deeds, call }: Write): Promise<boolean> {
    try {
      const revision = Number(await call());
      if (revision > 0) this.#log.acknowledge(revision, deeds);
      for (const deed of deeds) this.#repertoire.note(deed);
      return true;
    } catch (error) {
      for (const deed of deeds) this.#repertoire.doubt(deed);
      if (!isUnknown(error)) return true;
      this.#log.leaveOpen(deeds);
      return false;
    }
  }
}

import type { Recording } from "../record/recording.js";
import type { Truth } from "../truth/truth.js";

/** What validators know beside a recording. */
export interface Background {
  readonly truth: Truth;
  /** Compactions that were asked for, in order of time. */
  readonly compactions: readonly Compaction[];
  /** The server's --history-max-revisions. */
  readonly historyMaxRevisions: number;
}

export interface Compaction {
  readonly revision: number;
  readonly askedMs: number;
  /** Infinity where no answer came. */
  readonly answeredMs: number;
}

/** Tests one stream; answers what is wrong with it, a sentence each. */
export type Validator = (recording: Recording, background: Background) => string[];

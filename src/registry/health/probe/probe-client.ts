import type { Outcome } from "./outcome.js";

/** Is told what came of a probe. Only the first report counts. */
export type Report = (outcome: Outcome) => void;

/** Probes one target, one probe at a time. */
export interface ProbeClient {
  /** True while it holds a connection for the next probe. */
  readonly keepsConnection: boolean;
  /**
   * Begins a probe; answers a function that gives it up and frees what it holds.
   *
   * Errors are reported, never thrown. It has no time limit of its own.
   */
  start(report: Report): () => void;
  /** Closes what it keeps. */
  close(): void;
}

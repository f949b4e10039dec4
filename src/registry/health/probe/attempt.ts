import type { Clock, Timer } from "../../../stream/index.js";
import { failed, lacking, type Outcome, VOID } from "./outcome.js";

/** The instance may not be probed: its addresses are not among those that may. */
export interface Barred {
  readonly kind: "barred";
  readonly reason: string;
}

/** A time limit that fires later than this was our own pause: the instance may have answered in time. */
const OWN_PAUSE_MS = 500;

/** Options of `Attempt`. */
export interface AttemptOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** True while it waits in a line of our own: the instance was not asked anything yet. */
  readonly waits: () => boolean;
}

/** One probe under way: it ends once, by an answer, by its time limit or because it is given up. */
export class Attempt {
  /** What came of it. Never rejects. */
  readonly ended: Promise<Outcome | Barred>;
  readonly #timer: Timer;
  #resolve: ((came: Outcome | Barred) => void) | undefined;
  #abandon: (() => void) | undefined;

  constructor({ clock, timeoutMs, waits }: AttemptOptions) {
    const endMs = clock.monotonicMs() + timeoutMs;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = clock.after(timeoutMs, () => {
      if (clock.monotonicMs() > endMs + OWN_PAUSE_MS) this.end(VOID);
      else this.end(waits() ? lacking("names wait to be resolved") : failed(`no answer within ${timeoutMs / 1_000} s`));
    });
  }

  get isOver(): boolean {
    return this.#resolve === undefined;
  }

  /** Ends it, which abandons the step that is under way. Only the first end counts. */
  end(came: Outcome | Barred): void {
    if (!this.#resolve) return;
    this.#timer.cancel();
    this.#resolve(came);
    this.#resolve = undefined;
    this.#abandon?.();
  }

  /**
   * Takes one step, which reports once what came of it.
   *
   * @param begin answers what abandons the step; that is called when the attempt ends before the step does.
   * @returns what came of the step; when the attempt is over, that does not matter any more.
   */
  async step(begin: (report: (outcome: Outcome) => void) => () => void): Promise<Outcome> {
    const outcome = await new Promise<Outcome>((report) => {
      const abandon = begin(report);
      this.#abandon = () => {
        abandon();
        report(VOID);
      };
    });
    this.#abandon = undefined;
    return outcome;
  }
}

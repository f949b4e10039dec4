import type { HandlerContext } from "@connectrpc/connect";
import type { Clock } from "../../stream/index.js";

/** What the answer is given to leave the server and to arrive, in milliseconds. */
const MARGIN_MS = 50;
/** Timers cannot wait longer; a deadline beyond it is none. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A signal, and the timer behind it until disposal. */
export interface BeforeDeadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts with the call's own, and 50 ms before its deadline (half way for deadlines below 100 ms).
 *
 * Why before: at the deadline the call is answered for the handler, who then cannot say any more what it waited for.
 */
export function beforeDeadline(context: Pick<HandlerContext, "signal" | "timeoutMs">, clock: Clock): BeforeDeadline {
  const timeoutMs = context.timeoutMs();
  if (timeoutMs === undefined || timeoutMs > MAX_DELAY_MS) {
    return { signal: context.signal, [Symbol.dispose]: () => {} };
  }
  const early = new AbortController();
  const timer = clock.after(timeoutMs - Math.min(MARGIN_MS, timeoutMs / 2), () => early.abort());
  return { signal: AbortSignal.any([context.signal, early.signal]), [Symbol.dispose]: () => timer.cancel() };
}

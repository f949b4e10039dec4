import type { ServerHttp2Session } from "node:http2";
import type { Clock, Timer } from "../stream/index.js";

/** Options of `keepAlive`. */
export interface KeepaliveOptions {
  readonly clock: Clock;
  /** How often the connection is asked whether it lives. */
  readonly keepaliveTimeMs: number;
  /** A connection that does not answer within this is dropped. */
  readonly keepaliveTimeoutMs: number;
}

/**
 * Asks a connection again and again whether it lives, until it closes; drops it, with its streams, when it does not answer.
 *
 * Time in which we stood still ourselves is not held against it: when the answer is due and we come to look much too late, it
 * may be waiting to be read, or our question to be sent, and the connection has the whole time once more.
 */
export function keepAlive(session: ServerHttp2Session, options: KeepaliveOptions): void {
  const { clock, keepaliveTimeMs, keepaliveTimeoutMs } = options;
  let timer: Timer;
  const wait = () => {
    timer = clock.after(keepaliveTimeMs, ask);
  };
  const expect = () => {
    const dueMs = clock.monotonicMs() + keepaliveTimeoutMs;
    timer = clock.after(keepaliveTimeoutMs, () => {
      if (clock.monotonicMs() - dueMs > keepaliveTimeoutMs / 2) expect();
      else session.destroy();
    });
  };
  const ask = () => {
    // Between its end and its "close", a ping would throw.
    if (session.destroyed) return;
    expect();
    session.ping(() => {
      timer.cancel();
      if (!session.destroyed) wait();
    });
  };
  wait();
  session.once("close", () => timer.cancel());
}

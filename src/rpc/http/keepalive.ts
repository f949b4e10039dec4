import type { ServerHttp2Session } from "node:http2";
import type { Clock, Timer } from "../../stream/index.js";

/** Options of `keepAlive`. */
export interface KeepaliveOptions {
  readonly clock: Clock;
  /** How often the connection is asked whether it lives. */
  readonly keepaliveTimeMs: number;
  /** A connection that does not answer within this is dropped. */
  readonly keepaliveTimeoutMs: number;
}

/** Asks a connection again and again whether it lives, until it closes; drops it, with its streams, when it does not answer. */
export function keepAlive(session: ServerHttp2Session, options: KeepaliveOptions): void {
  const { clock, keepaliveTimeMs, keepaliveTimeoutMs } = options;
  let timer: Timer;
  const wait = () => {
    timer = clock.after(keepaliveTimeMs, ask);
  };
  const ask = () => {
    // Between its end and its "close", a ping would throw.
    if (session.destroyed) return;
    timer = clock.after(keepaliveTimeoutMs, () => session.destroy());
    session.ping(() => {
      timer.cancel();
      if (!session.destroyed) wait();
    });
  };
  wait();
  session.once("close", () => timer.cancel());
}

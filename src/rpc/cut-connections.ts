import type { Socket } from "node:net";
import type { Clock, Timer } from "../stream/index.js";

/** How long a connection may stand once no call goes on: long enough for what was said last to reach a slow peer. */
const LINGER_MS = 1_000;

/** How connections that do not close by themselves are dealt with. */
export interface CutOptions {
  readonly sockets: ReadonlySet<Socket>;
  readonly clock: Clock;
  /** How long calls may still go on. */
  readonly graceMs: number;
  /** Resolves when no call goes on any more. */
  readonly idle: Promise<void>;
  /** Resolves when all connections are gone. */
  readonly closed: Promise<void>;
}

/**
 * Waits until all connections are gone, and cuts them at the end of the grace, or soon after the last call has ended.
 *
 * Why not the grace alone: a client that never ends its side of a stream, though it was told how the call ended, holds its
 * connection open for as long as we let it.
 */
export async function cutConnections({ sockets, clock, graceMs, idle, closed }: CutOptions): Promise<void> {
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const timers: Timer[] = [clock.after(graceMs, cut)];
  void idle.then(() => timers.push(clock.after(Math.min(graceMs, LINGER_MS), cut)));
  await closed;
  for (const timer of timers) timer.cancel();
}

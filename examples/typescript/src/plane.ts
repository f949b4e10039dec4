import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

/** A connection to the control plane at `address` (host:port). Pings find out when it is dead although nothing says so. */
export function connectTo(address: string): Transport {
  return createGrpcTransport({ baseUrl: `http://${address}`, pingIntervalMs: 20_000, pingTimeoutMs: 10_000 });
}

/**
 * How long to wait after so many failures in a row: up to 0.1 s, 0.2 s, … 5 s.
 *
 * Half of it is random, so that the clients of a plane that restarts do not come back all at once; and it stays well
 * under a session's TTL (15 s unless asked otherwise), so that nobody is lost only because he waited.
 */
export function backoffMs(failures: number): number {
  return Math.min(5_000, 100 * 2 ** failures) * (0.5 + Math.random() / 2);
}

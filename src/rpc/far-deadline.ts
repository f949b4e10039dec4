import type { IncomingHttpHeaders } from "node:http";

/** Timers cannot wait longer, in milliseconds: 24 days and some hours. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** gRPC's units of time -> milliseconds. */
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };

/**
 * Takes a deadline that lies further away than a timer can wait out of a call's headers: it is none.
 *
 * Why: both libraries hand it to a timer as it is, and the timer overflows, so that the call ends at once.
 */
export function dropFarDeadline(headers: IncomingHttpHeaders): void {
  const [, count, unit] = /^(\d+)([HMS])$/.exec(String(headers["grpc-timeout"])) ?? [];
  if (Number(count) * (UNIT_MS[unit ?? ""] ?? 0) > MAX_DELAY_MS) delete headers["grpc-timeout"];
  const connect = String(headers["connect-timeout-ms"]);
  if (/^\d{1,10}$/.test(connect) && Number(connect) > MAX_DELAY_MS) delete headers["connect-timeout-ms"];
}

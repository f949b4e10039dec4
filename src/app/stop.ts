import type { Logger } from "pino";
import type { Config } from "../config.js";
import { DomainError } from "../model/index.js";
import type { Health } from "../observe/index.js";
import type { ActiveCall, CallBook } from "../rpc/index.js";
import type { Clock } from "../stream/index.js";
import type { Rooms } from "./rooms.js";
import type { Servers } from "./servers.js";

/** How often we look whether all sessions went elsewhere. */
const LOOK_MS = 50;

/** Streams that end by themselves: a backup when it is whole, watches when discovery ends them. */
const FINITE_STREAMS = new Set([
  "/portolan.admin.v1.AdminService/Backup",
  "/portolan.discovery.v1.DiscoveryService/Watch",
  "/portolan.discovery.v1.DiscoveryService/WatchServices",
]);

/** What a graceful stop works with. */
export interface StopOptions {
  readonly config: Config;
  readonly rooms: Rooms;
  readonly calls: CallBook;
  readonly health: Health;
  readonly servers: Servers;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Stops taking calls, gives sessions time to go elsewhere, ends watches with a last bookmark, and waits for what is left.
 *
 * The rooms are still open when it resolves: every call has ended.
 */
export async function stopGracefully(options: StopOptions): Promise<void> {
  const { config, rooms, calls, health, servers, log } = options;
  log.info({ calls: calls.size }, "stopping");
  health.setState("stopping");
  const stopping = new DomainError({ reason: "SHUTTING_DOWN", retryAfterMs: 1_000 });
  calls.refuse(stopping);
  await sessionsLeft(options);
  rooms.discovery.endWatches();
  calls.end(stopping, isEndless);
  const idle = calls.empty();
  await servers.close(config.shutdownGraceMs, idle);
  await idle;
  log.info("stopped");
}

async function sessionsLeft({ config, rooms, clock }: StopOptions): Promise<void> {
  if (rooms.registry.sessionCounts().attached === 0) return;
  rooms.registry.announceStop(config.shutdownAnnounceMs);
  const until = clock.monotonicMs() + config.shutdownAnnounceMs;
  while (rooms.registry.sessionCounts().attached > 0 && clock.monotonicMs() < until) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}

function isEndless(call: ActiveCall): boolean {
  return call.kind !== "unary" && !FINITE_STREAMS.has(call.path);
}

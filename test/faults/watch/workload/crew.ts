import type { Random } from "../../support/campaign.js";
import { ResponseReader } from "../record/told.js";
import { toldServices } from "../record/told-services.js";
import type { WriteLog } from "../truth/write.js";
import type { Wires } from "../wire.js";
import { anyWatching, anyWatchingOfServices } from "./places.js";
import { SessionWriter } from "./session-writer.js";
import { WatchClient } from "./watch-client.js";
import { Writer, type WriterOptions } from "./writer.js";

const CLIENTS_PER_CONNECTION = 8;
const CLIENTS_PER_WAY = 4;
/** Share of the clients that stall now and then, and share of its time that such a one does not read. */
const STALLERS = 0.3;
const STALLED = 0.5;
/** Share of the clients that watch services and not instances. */
const OF_SERVICES = 0.1;
const LEASE_MS = 1_500;

/** Clients of which most watch in a way that others share, so that what the server shares between them is at stake, too. */
export function makeClients(
  { random, clients }: { readonly random: Random; readonly clients: number },
  wires: Wires,
  writes: WriteLog,
): WatchClient[] {
  const reader = new ResponseReader();
  const readerOfServices = new ResponseReader(toldServices);
  const ways = Array.from({ length: Math.ceil(clients / CLIENTS_PER_WAY) }, () => anyWatching(random));
  let shared = wires.connect();
  return Array.from({ length: clients }, (_, index) => {
    const stalls = random.chance(STALLERS) ? STALLED : 0;
    if (index % CLIENTS_PER_CONNECTION === 0) shared = wires.connect();
    return new WatchClient({
      name: `client ${index}`,
      // Who does not read fills his connection's window, and would stall those who share it.
      wire: stalls > 0 ? wires.connect() : shared,
      ...(random.chance(OF_SERVICES)
        ? { watching: anyWatchingOfServices(random), reader: readerOfServices }
        : { watching: random.chance(0.8) ? random.pick(ways) : anyWatching(random), reader }),
      writes,
      random: random.fork(),
      stalls,
    });
  });
}

/** Few who write much at once, some who write little and often, one whose leases end, some with sessions. */
export function makeWriters(random: Random, wires: Wires, writes: WriteLog): (Writer | SessionWriter)[] {
  const common = (name: string, ids: number) => {
    return { name, wire: wires.connect(), writes, random: random.fork(), ids: idsOf(name, ids) };
  };
  const make = (name: string, more: Pick<WriterOptions, "maxBatch" | "maxPauseMs" | "ttlMs">) =>
    new Writer({ ...common(name, 60), ...more });
  return [
    ...["w0", "w1", "w2"].map((name) => make(name, { maxBatch: 500, maxPauseMs: 200 })),
    ...["w10", "w11", "w12"].map((name) => make(name, { maxBatch: 4, maxPauseMs: 20 })),
    make("t1", { ttlMs: LEASE_MS, maxBatch: 5, maxPauseMs: 400 }),
    ...["x0", "x1", "x2", "x3"].map((name) => new SessionWriter(common(name, 6))),
  ];
}

/** True for the place of an instance that the server may remove by itself: those of leases and of sessions. */
export function isExpiring(place: string): boolean {
  return /\/[tx]\d+-\d+$/.test(place);
}

function idsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${name}-${n}`);
}

import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { AdminService } from "../../../../gen/portolan/admin/v1/admin_pb.js";
import { RegistryService } from "../../../../gen/portolan/registry/v1/registry_pb.js";
import { Plane } from "../../../support/process/plane.js";
import type { Random } from "../../support/campaign.js";
import { buildTruth } from "../truth/build-truth.js";
import { EventRecord } from "../truth/event-record.js";
import { listingFaults } from "../truth/listing.js";
import { WriteLog } from "../truth/write.js";
import type { Compaction } from "../validators/finding.js";
import { type Findings, judge } from "../validators/judge.js";
import { type Wire, Wires } from "../wire.js";
import { Chaos } from "./chaos.js";
import { isExpiring, makeClients, makeWriters } from "./crew.js";
import type { WatchClient } from "./watch-client.js";

export interface RoundOptions {
  readonly random: Random;
  /** How long the world is stirred, in milliseconds; quiet and judging come on top. */
  readonly stirMs: number;
  readonly clients: number;
  readonly historyMaxRevisions: number;
  /** How often the server is killed. */
  readonly kills: number;
}

/** How long clients may take, once all is quiet, to know that they have everything. */
const PATIENCE_MS = 60_000;
/** Longer than any lease or session of the crew lasts. */
const QUIET_MS = 3_000;

/** One server's life: stirred, left alone until all is quiet, then judged. */
export async function runRound(options: RoundOptions): Promise<Findings> {
  const { historyMaxRevisions } = options;
  // Clients change healths far more often than is held for flapping: what the plane commits by itself nobody could tell.
  const flags = { "history-max-revisions": String(historyMaxRevisions), "flap-max-changes": "0" };
  await using plane = await Plane.start({ flags });
  using wires = new Wires(plane.grpc);
  const wire = wires.connect();
  const writes = new WriteLog();
  await writeFirst(wire, writes);
  using record = new EventRecord(wires.connect(), 1);
  const clients = makeClients(options, wires, writes);
  const compactions = await stir({ options, plane, wires, clients, writes, record });

  const last = await quiet(wire);
  const settled = await settle(clients, record, last);
  const sources = { writes, record: record.revisions, last, mayExpire: isExpiring };
  const { truth, replay, faults } = buildTruth(sources);
  return judge({
    truth,
    faults: [...writes.faults, ...record.faults, ...faults, ...(await listingFaults(wire, replay.standing()))],
    compactions,
    historyMaxRevisions,
    clients: clients.map((client) => ({ client, settled: settled.has(client) })),
  });
}

/** The record is read after a revision, and 0 would mean "from now on": so the first one is known without it. */
async function writeFirst(wire: Wire, writes: WriteLog): Promise<void> {
  const { revision } = await wire.unary(RegistryService.method.putService, { service: { name: "first" } });
  writes.acknowledge(Number(revision), [
    { kind: "put-service", namespace: "default", service: "first", description: "" },
  ]);
}

interface Scene {
  readonly options: RoundOptions;
  readonly plane: Plane;
  readonly wires: Wires;
  readonly clients: readonly WatchClient[];
  readonly writes: WriteLog;
  readonly record: EventRecord;
}

async function stir({ options, plane, wires, clients, writes, record }: Scene): Promise<readonly Compaction[]> {
  const { random, stirMs, kills } = options;
  const end = AbortSignal.timeout(stirMs);
  setMaxListeners(0, end);
  const chaos = new Chaos({ plane, wire: wires.connect(), random: random.fork(), writes, record, stirMs, kills });
  const writers = makeWriters(random, wires, writes);
  await Promise.all([
    chaos.rage(end),
    ...writers.map((writer) => writer.write(end)),
    ...clients.map((client) => client.stir(end)),
  ]);
  return chaos.compactions;
}

/** Waits until nothing happens any more: sessions and leases have ended. Answers the last revision. */
async function quiet(wire: Wire): Promise<number> {
  let [revision, since] = [-1, performance.now()];
  while (performance.now() - since < QUIET_MS) {
    const info = await wire.unary(AdminService.method.getInfo, {});
    if (Number(info.revision) !== revision || info.sessions > 0) since = performance.now();
    revision = Number(info.revision);
    await sleep(100);
  }
  return revision;
}

/** Those clients that came to know that they have everything. */
async function settle(clients: readonly WatchClient[], record: EventRecord, last: number): Promise<Set<WatchClient>> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  setMaxListeners(0, patience);
  const settled = new Set<WatchClient>();
  await Promise.all(
    clients.map(async (client) => {
      if (await client.settle(last, patience)) settled.add(client);
    }),
  );
  while (record.newest < last && !patience.aborted) await sleep(50);
  return settled;
}

import type { Campaign } from "../support/campaign.js";
import { SERVICES } from "./choose.js";
import { type Disturbances, disturb } from "./disturbances.js";
import { type History, now, type Quiet, type RecordedCall } from "./history.js";
import { Network } from "./network.js";
import { listingAll, listingServices, type WideAnswer } from "./reads.js";
import { Server } from "./server.js";
import { Sightings } from "./sightings.js";
import { Recording, work } from "./workers.js";

/** How long a server in peace may take to be connected. */
const PATIENCE_MS = 30_000;

/** A run of epochs over one server: calls and disturbances, then a quiet moment, at which the server has ended and is back. */
export class Run implements AsyncDisposable {
  readonly disturbances: Disturbances = { kills: 0, stops: 0, cuts: 0 };
  answered = 0;
  unanswered = 0;
  epochs = 0;
  readonly #sightings = new Sightings();
  #quiet: Quiet = { revision: 0, services: {} };

  private constructor(
    readonly campaign: Campaign,
    readonly server: Server,
    readonly network: Network,
  ) {}

  static async start(campaign: Campaign): Promise<Run> {
    const server = await Server.start();
    return new Run(campaign, server, await Network.open(server.plane.grpc));
  }

  /** What happened for a time and up to the quiet moment after it. */
  async epoch(forMs: number): Promise<History> {
    const before = this.#quiet;
    const recording = await this.#disturbed(forMs);
    await this.#restart();
    const last = await this.#lookAround();
    this.#quiet = quietOf(last);
    this.epochs++;
    this.answered += recording.answered;
    this.unanswered += recording.unanswered;
    return { before, calls: [...recording.calls.flatMap((call) => this.#bounded(call)), ...last] };
  }

  /** What was done, for people. */
  get summary(): string {
    const { kills, stops, cuts } = this.disturbances;
    const calls = `${this.answered.toLocaleString("en")} calls answered and ${this.unanswered} not`;
    return `${calls}, ${kills} kills, ${stops} stops, ${cuts} cuts, ${this.epochs} histories`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }

  async #disturbed(forMs: number): Promise<Recording> {
    const { server, network, campaign, disturbances } = this;
    const stop = new AbortController();
    const sightings = this.#sightings;
    const recording = new Recording(sightings);
    const working = work({ server, network, sightings, recording, random: campaign.random.fork() }, stop.signal);
    const answered = () => recording.answered;
    const disturbing = disturb(
      { server, network, random: campaign.random.fork(), done: disturbances, answered },
      forMs,
    );
    try {
      await Promise.race([disturbing, working]); // workers end before only by failing
    } finally {
      stop.abort();
      await Promise.allSettled([disturbing, working]);
    }
    await working;
    return recording;
  }

  /** Whatever was still on its way to the server dies with it. */
  async #restart(): Promise<void> {
    this.disturbances.kills++;
    await this.server.restart("kill");
  }

  /** Reads everything while nobody else calls. */
  async #lookAround(): Promise<RecordedCall[]> {
    const [connection] = this.network.connections;
    if (!connection) throw new TypeError("there is no connection");
    await connection.ready(AbortSignal.timeout(PATIENCE_MS));
    const calls: RecordedCall[] = [];
    for (const read of [listingServices(SERVICES), listingAll(SERVICES)]) {
      const call = now();
      const answers = await read(connection);
      if (answers.length === 0) throw new Error("a server in peace did not answer");
      calls.push(
        ...answers.map(({ asked, told }) => ({
          ...asked,
          ...told,
          client: 0,
          since: connection.since,
          call,
          return: now(),
        })),
      );
    }
    return calls;
  }

  /** A call without an answer happened before its server ended, or never. */
  #bounded(call: RecordedCall): RecordedCall[] {
    if (call.outcome !== "unknown") return [call];
    const end = this.server.endOf(call.since);
    return call.call < end ? [{ ...call, return: end }] : [];
  }
}

/** The catalogue as two reads in a quiet moment tell it. */
function quietOf(
  reads: readonly Pick<WideAnswer["told"] & WideAnswer["asked"], "service" | "revision" | "about" | "seen">[],
): Quiet {
  const services: Record<string, Quiet["services"][string]> = {};
  for (const { service, about } of reads) if (about) services[service] = { ...about, instances: {} };
  for (const { service, seen = [] } of reads) {
    const known = services[service];
    if (!known) continue;
    const instances = Object.fromEntries(seen.map(({ id, ...cell }) => [id, cell]));
    services[service] = { ...known, instances: { ...known.instances, ...instances } };
  }
  return { revision: reads[0]?.revision ?? 0, services };
}

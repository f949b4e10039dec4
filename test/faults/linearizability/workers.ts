import type { Random } from "../support/campaign.js";
import { choose } from "./choose.js";
import type { Connection } from "./connection.js";
import { type Asked, now, type RecordedCall, type Told } from "./history.js";
import type { Network } from "./network.js";
import type { Server } from "./server.js";
import { workInSession } from "./session-worker.js";
import type { Sightings } from "./sightings.js";

const WORKERS = 40;
/** Of those, how many work within sessions. */
const IN_SESSIONS = 8;

/** What workers work with. */
export interface WorkersOptions {
  readonly network: Network;
  readonly server: Server;
  readonly sightings: Sightings;
  readonly recording: Recording;
  readonly random: Random;
}

/** Clients that call one after the other, each on its connection, until `stopped`. */
export async function work(options: WorkersOptions, stopped: AbortSignal): Promise<void> {
  const { connections } = options.network;
  const workers = Array.from({ length: WORKERS }, (_, client) => {
    const connection = connections[client % connections.length] as Connection;
    const worker = { ...options, random: options.random.fork(), client, connection };
    return client < IN_SESSIONS ? workInSession(worker, stopped) : workAs(worker, stopped);
  });
  await Promise.all(workers);
}

/** The calls of an epoch. */
export class Recording {
  readonly calls: RecordedCall[] = [];
  answered = 0;
  unanswered = 0;
  readonly #sightings: Sightings;

  constructor(sightings: Sightings) {
    this.#sightings = sightings;
  }

  add(times: Pick<RecordedCall, "client" | "call" | "return" | "since">, asked: Asked, told: Told): void {
    this.calls.push({ ...asked, ...told, ...times });
    if (told.outcome === "ok") this.#sightings.learn(asked, told);
  }
}

/** What one worker works with. */
export interface WorkerOptions extends WorkersOptions {
  readonly client: number;
  readonly connection: Connection;
}

async function workAs(options: WorkerOptions, stopped: AbortSignal): Promise<void> {
  const { server, connection, recording } = options;
  while (!stopped.aborted) {
    await server.up;
    await connection.ready(stopped);
    while (!stopped.aborted && (await callOnce(options))) recording.answered++;
  }
}

/** Calls and records; false when no answer came. */
async function callOnce(options: WorkerOptions): Promise<boolean> {
  const { random, sightings, client, connection, recording } = options;
  const choice = choose(random, sightings);
  const call = now();
  const { since } = connection;
  if (typeof choice === "function") {
    const answers = await choice(connection);
    const times = { client, since, call, return: now() };
    for (const { asked, told } of answers) recording.add(times, asked, told);
    return answers.length > 0;
  }
  const told = await choice.send(connection);
  if (told) recording.add({ client, since, call, return: now() }, choice.asked, told);
  if (told?.outcome === "unknown") recording.unanswered++;
  return told !== undefined && told.outcome !== "unknown";
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../support/campaign.js";
import type { Network } from "./network.js";
import type { Server } from "./server.js";

const QUIET_MS = { min: 1_000, spread: 2_000 };
/** On a machine so busy that a server hardly gets to answer, it gets more time between disturbances: for so many answers. */
const MIN_ANSWERS = 2_500;
const MAX_QUIET_MS = 20_000;
/** A fast machine does not make more of one history than the checker judges in a moment, nor more sessions than it holds. */
const MAX_ANSWERS = 30_000;
const LOOK_MS = 50;
/** How long a connection keeps its answers to itself before it breaks. */
const MAX_SWALLOWING_MS = 40;

/** How often each disturbance came. */
export interface Disturbances {
  kills: number;
  stops: number;
  cuts: number;
}

/** What to disturb. */
export interface DisturbOptions {
  readonly server: Server;
  readonly network: Network;
  readonly random: Random;
  /** Counts what is done. */
  readonly done: Disturbances;
  /** How many calls were answered so far. */
  readonly answered: () => number;
}

/** Kills, stops and cuts, one every one to three seconds, for a time or until enough was answered. */
export async function disturb(options: DisturbOptions, forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  while (performance.now() < until && options.answered() < MAX_ANSWERS) {
    const enough = enoughAnswers(options.answered);
    await sleep(QUIET_MS.min + options.random.below(QUIET_MS.spread));
    await enough;
    await disturbOnce(options);
  }
}

async function enoughAnswers(answered: () => number): Promise<void> {
  const from = answered();
  const until = performance.now() + MAX_QUIET_MS;
  while (answered() - from < MIN_ANSWERS && performance.now() < until) await sleep(LOOK_MS);
}

async function disturbOnce({ server, network, random, done }: DisturbOptions): Promise<void> {
  if (random.chance(0.45)) {
    done.kills++;
    return await server.restart("kill");
  }
  if (random.chance(0.3)) {
    done.stops++;
    return await server.restart("stop");
  }
  done.cuts++;
  const proxy = random.pick(network.proxies);
  if (random.chance(0.6)) {
    proxy.swallowAnswers();
    await sleep(random.below(MAX_SWALLOWING_MS));
  }
  proxy.cut();
}

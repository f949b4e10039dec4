import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Churn } from "./readers/churn.js";
import { DeafSession } from "./readers/deaf-session.js";
import { STREAMS, StalledStream } from "./readers/stalled-streams.js";
import { Watcher } from "./readers/watchers.js";
import { distribution } from "./support/bystander.js";
import { startCampaign } from "./support/campaign.js";
import { createClients } from "./support/clients.js";
import { registerBig } from "./support/instances.js";
import { startPace } from "./support/pace.js";
import { until } from "./support/waiting.js";
import { MB, mb, Peak, WatchedPlane } from "./support/watched-plane.js";

const campaign = startCampaign("readers");
const KB = 1024;
const FLAGS = { "keepalive-time": "1s", "keepalive-timeout": "3s" };
/** A broken connection is out of GetInfo within this, by contract. */
const FORGOTTEN_MS = 5_000;
/** What the server keeps of recent changes, whoever reads. */
const HISTORY_BYTES = 64 * MB;
const CHURNED = { service: "churned", instances: 60, bytes: 8_000 };

/** How much of that there is after so many commits: on a slow machine it fills late. */
function historyAfter(commits: number): number {
  return Math.min(HISTORY_BYTES, commits * CHURNED.bytes);
}

test("hundreds of slow and dead watchers cost a bounded memory, disturb nobody, and catch up or are forgotten", async () => {
  await using plane = await WatchedPlane.start({ flags: FLAGS });
  await registerBig(plane.grpcUrl, { service: CHURNED.service, count: CHURNED.instances, bytes: CHURNED.bytes });
  using clients = createClients(plane.grpcUrl);
  const watches = async () => (await clients.admin.getInfo({})).watches;
  await using slow = await startPace(plane.grpcPort);
  await using trickling = await startPace(plane.grpcPort);
  await using vanishing = await startPace(plane.grpcPort);
  const healthy = crowd(10, plane.grpcUrl);
  const churn = new Churn(plane.grpcUrl, CHURNED);
  await until("the healthy watchers are synced", () => healthy.every(({ revision }) => revision > 0n), 20_000);

  await sleep(campaign.budgetMs(0.15));
  const alone = takeDelays(healthy);
  const before = await plane.held();
  const historyBefore = historyAfter(churn.commits);

  const stalled = crowd(100, plane.grpcUrl);
  const dripped = crowd(50, slow.url);
  const trickled = crowd(50, trickling.url);
  const vanished = crowd(100, vanishing.url);
  await until("all watches stand", async () => (await watches()) === 310, 30_000);
  for (const watcher of stalled) watcher.pause();
  slow.drip(32 * KB);
  trickling.drip(1);
  vanishing.freeze();
  using peak = new Peak(plane);
  const forgottenMs = await until(
    "the vanished are found",
    async () => (await watches()) <= 210,
    4_000 + FORGOTTEN_MS + 6_000,
  );

  await sleep(campaign.budgetMs(0.1));
  const early = await plane.held();
  await sleep(campaign.budgetMs(0.2));
  const late = await plane.held();
  const beside = takeDelays(healthy);

  await churn.stop();
  slow.drip(undefined);
  for (const watcher of stalled) watcher.resume();
  const caughtUpMs = await until(
    "the healthy and the slow know what is true",
    () => [...healthy, ...stalled, ...dripped.filter(({ open }) => open)].every((one) => knows(one, churn)),
    90_000,
  );
  const kept = dripped.filter(({ open }) => open).length;
  for (const one of [...stalled, ...dripped, ...trickled, ...vanished]) await one[Symbol.asyncDispose]();
  const goneMs = await until("only the healthy stand", async () => (await watches()) === 10, FORGOTTEN_MS + 4_000);
  const after = await plane.held();
  const history = historyAfter(churn.commits) - historyBefore;
  for (const one of healthy) await one[Symbol.asyncDispose]();

  const perWatcher = (late.heapUsed + late.external - before.heapUsed - before.external) / 300;
  console.log(
    `faults: readers: 300 slow watchers, ${churn.commits} commits: ${Math.round(perWatcher / KB)} kB each ` +
      `(held ${heldText(before)}, ${heldText(early)}, ${heldText(late)}, ${heldText(after)}; RSS at most ${mb(peak.highest)}); ` +
      `healthy p50/p99 alone ${text(alone)}, beside ${text(beside)}; vanished found in ${Math.round(forgottenMs)} ms, ` +
      `caught up in ${Math.round(caughtUpMs)} ms (${kept} of 50 dripping kept), gone in ${Math.round(goneMs)} ms`,
  );
  expect(perWatcher, "bytes a slow watcher holds").toBeLessThan(640 * KB);
  expect(sum(late) - sum(early), "bytes that further churn adds").toBeLessThan(48 * MB);
  expect(sum(after) - sum(before) - history, "bytes left when they are gone, beside the history").toBeLessThan(32 * MB);
  expect(beside.p99, "milliseconds to a healthy watcher beside the slow ones").toBeLessThan(alone.p99 * 10 + 1_000);
  expect(kept, "dripping watchers that are slow, not dead").toBe(50);
});

test("streams of every kind that nobody reads cost a bounded memory and end with their connections", async () => {
  await using plane = await WatchedPlane.start({ flags: FLAGS });
  await registerBig(plane.grpcUrl, { service: CHURNED.service, count: CHURNED.instances, bytes: CHURNED.bytes });
  using clients = createClients(plane.grpcUrl);
  const churn = new Churn(plane.grpcUrl, CHURNED);
  const before = await plane.held();
  const streams = STREAMS.flatMap((stream) =>
    Array.from({ length: 30 }, () => new StalledStream(plane.grpcUrl, stream)),
  );
  const logs = writeLogs(plane.grpcUrl);
  await sleep(campaign.budgetMs(0.1));
  const early = await plane.held();
  await sleep(campaign.budgetMs(0.1));
  const late = await plane.held();
  const ended = streams.filter((stream) => !stream.open).map((stream) => stream.ending);
  const records = await logs.stop();
  await churn.stop();
  for (const stream of streams) await stream[Symbol.asyncDispose]();
  await until("their watches are gone", async () => (await clients.admin.getInfo({})).watches === 0, FORGOTTEN_MS);
  const after = await plane.held();
  console.log(
    `faults: readers: ${streams.length} unread streams of ${STREAMS.length} kinds beside ${churn.commits} commits and ${records} ` +
      `log records: held ${heldText(before)}, ${heldText(early)}, ${heldText(late)}, ${heldText(after)}`,
  );
  expect(ended, "streams that ended").toEqual([]);
  expect(sum(late) - sum(before), "bytes that they hold").toBeLessThan(400 * MB);
  const history = historyAfter(churn.commits);
  expect(sum(after) - sum(before) - history, "bytes left when they are gone, beside the history").toBeLessThan(64 * MB);
});

test("sessions whose clients send and do not listen are read no further, and have every answer when they listen", async () => {
  await using plane = await WatchedPlane.start({ flags: { ...FLAGS, "session-max-in-flight": "100" } });
  using clients = createClients(plane.grpcUrl);
  const before = await plane.held();
  const sessions = Array.from({ length: 20 }, (_, n) => new DeafSession(plane.grpcUrl, `deaf-${n}`));
  const sent = () => sessions.reduce((total, session) => total + session.sent, 0);
  await until("the server reads no further", () => stands(sent), 30_000);
  const early = await plane.held();
  const sentEarly = sent();
  await sleep(campaign.budgetMs(0.1));
  const late = await plane.held();
  const sentLate = sent();
  await Promise.all(sessions.map((session) => session.listen()));
  await until("the sessions are closed", async () => (await clients.admin.getInfo({})).sessions === 0, FORGOTTEN_MS);
  console.log(
    `faults: readers: 20 deaf sessions sent ${sentLate} requests: held ${heldText(before)}, ${heldText(early)}, ${heldText(late)}`,
  );
  for (const session of sessions) expect(session.answered).toBe(session.sent);
  for (const session of sessions) await session[Symbol.asyncDispose]();
  expect(sentLate, "requests that were taken in the end").toBe(sentEarly);
  expect(sum(late) - sum(before), "bytes that they hold").toBeLessThan(64 * MB);
});

/** True when a count does not grow for a second. */
async function stands(count: () => number): Promise<boolean> {
  const before = count();
  await sleep(1_000);
  return count() === before;
}

function crowd(count: number, url: string): Watcher[] {
  return Array.from({ length: count }, () => new Watcher(url, CHURNED.service));
}

/** Exactly the state that was acknowledged, beside what was there before the churn. */
function knows(watcher: Watcher, churn: Churn): boolean {
  if (watcher.revision < churn.revision || watcher.state.size !== CHURNED.instances) return false;
  return [...churn.state].every(([id, version]) => watcher.state.get(id) === version);
}

function takeDelays(watchers: readonly Watcher[]): ReturnType<typeof distribution> {
  return distribution(watchers.flatMap(({ delays }) => delays.splice(0)));
}

function writeLogs(url: string) {
  const clients = createClients(url);
  let stopped = false;
  let count = 0;
  async function* requests() {
    while (!stopped) {
      const records = Array.from({ length: 100 }, () => ({
        service: "churned",
        instance: "churned-0",
        body: "x".repeat(1_000),
      }));
      yield { records };
      count += records.length;
      await sleep(20);
    }
  }
  const done = clients.telemetry.writeLogs(requests());
  return {
    async stop(): Promise<number> {
      stopped = true;
      await done;
      clients[Symbol.dispose]();
      return count;
    },
  };
}

function sum({ heapUsed, external }: { readonly heapUsed: number; readonly external: number }): number {
  return heapUsed + external;
}

function heldText(held: { readonly heapUsed: number; readonly external: number }): string {
  return mb(sum(held));
}

function text({ p50, p99 }: { readonly p50: number; readonly p99: number }): string {
  return `${Math.round(p50)}/${Math.round(p99)} ms`;
}

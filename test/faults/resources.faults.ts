import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { caught, reasonOf } from "../support/caught.js";
import type { Command } from "../support/process/program.js";
import { Watcher } from "./readers/watchers.js";
import { KeptSession } from "./resources/kept-session.js";
import { startSmallDisk } from "./resources/small-disk.js";
import { startCampaign } from "./support/campaign.js";
import { createClients } from "./support/clients.js";
import { BareConnection } from "./support/frames.js";
import { bigInstance } from "./support/instances.js";
import { startPace } from "./support/pace.js";
import { until } from "./support/waiting.js";
import { WatchedPlane } from "./support/watched-plane.js";

const campaign = startCampaign("resources");
const HOUR_MS = 3_600_000;
const FOREVER = { seconds: 0n, nanos: 0 };

test("with the disk full, writes are refused, reads and watches go on, and nothing acknowledged is lost, not by kill -9", async () => {
  await using disk = await startSmallDisk(12);
  await using plane = await WatchedPlane.start({ dataDir: `${disk.path}/data`, launch: disk.launch });
  const clients = createClients(plane.grpcUrl);
  const acknowledged = new Map<string, string>();
  const register = async (n: number) => {
    const id = `full-${n % 20}`;
    const version = `v${n}`;
    await clients.registry.register({ instance: { ...bigInstance("full", id, 4_000, n), version }, ttl: FOREVER });
    acknowledged.set(id, version);
  };
  let round = 0;
  let recoveries = 0;
  let killed = 0;
  await register(round++);
  const end = performance.now() + campaign.budgetMs(0.3);
  while (recoveries < 3 || performance.now() < end) {
    const watcher = new Watcher(plane.grpcUrl, "full");
    await until("the watcher is synced", () => watcher.revision > 0n, 10_000);
    await disk.fill();
    await until(
      "a write is refused",
      async () => {
        try {
          await register(round++);
          return false;
        } catch (error) {
          expect(error).toMatchObject({ code: Code.Unavailable });
          return true;
        }
      },
      20_000,
    );
    const error = await caught(
      clients.registry.register({ instance: bigInstance("full", "never", 4_000), ttl: FOREVER }),
    );
    expect(error.code).toBe(Code.Unavailable);
    expect(reasonOf(error)).toBe("STORE_UNAVAILABLE");
    expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
    const { instances } = await clients.discovery.resolve({ target: { service: "full" } });
    expect(versions(instances)).toEqual(sorted(acknowledged));
    expect(watcher.open).toBe(true);
    await until(
      "health says that it cannot write",
      async () => {
        await disk.fill();
        const page = await (await fetch(`${plane.plane.http}/healthz`)).json();
        return (page as { readonly writable: boolean }).writable === false;
      },
      10_000,
    );
    if (campaign.random.chance(0.5) || (recoveries === 2 && killed === 0)) {
      await plane.plane.kill();
      killed++;
      await disk.makeRoom();
      await plane.plane.start();
    } else {
      await disk.makeRoom();
    }
    await until(
      "it writes again by itself",
      async () => {
        try {
          await register(round++);
          return true;
        } catch {
          return false;
        }
      },
      20_000,
    );
    recoveries++;
    await until(
      "the state is what was acknowledged",
      async () => {
        const now = await clients.discovery.resolve({ target: { service: "full" } });
        return JSON.stringify(versions(now.instances)) === JSON.stringify(sorted(acknowledged));
      },
      10_000,
    );
    await watcher[Symbol.asyncDispose]();
  }
  clients[Symbol.dispose]();
  console.log(
    `faults: resources: disk full ${recoveries} times, ${killed} of them killed while full: ${round} writes tried, 0 lost`,
  );
});

test("with no file descriptor left the server lives, keeps writing, and serves new clients within 2 s of room", async () => {
  const launch = ({ file, args }: Command) => ({ file: "prlimit", args: ["--nofile=160:160", file, ...args] });
  await using plane = await WatchedPlane.start({ launch });
  using clients = createClients(plane.grpcUrl);
  let written = 0;
  const write = () =>
    clients.registry.register({
      instance: bigInstance("files", `files-${written % 50}`, 15_000, written++),
      ttl: FOREVER,
    });
  await write();
  let rounds = 0;
  let served = 0;
  const end = performance.now() + campaign.budgetMs(0.15);
  let recoveredMs = 0;
  while (rounds < 3 || performance.now() < end) {
    const ports = [plane.grpcPort, plane.httpPort];
    const crowd = Array.from({ length: 300 }, (_, n) => new BareConnection(ports[n % 2] ?? plane.grpcPort).greet());
    for (let n = 0; n < 150; n++) await write();
    served = crowd.filter(({ open, heard }) => open && heard > 0).length;
    for (const connection of crowd) connection[Symbol.dispose]();
    recoveredMs = Math.max(recoveredMs, await answersAnew(plane));
    rounds++;
  }
  console.log(
    `faults: resources: 160 files, ${rounds} x 300 connections, ${served} of them served, beside ${written} writes; ` +
      `a new client is served ${Math.round(recoveredMs)} ms after`,
  );
  expect(recoveredMs).toBeLessThan(2_000);
  expect(plane.plane.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
});

test("the wall clock may jump by an hour either way: nobody expires early or late, and history stays", async () => {
  await using plane = await WatchedPlane.start({ flags: { "history-max-age": "30m", "keepalive-time": "1s" } });
  using clients = createClients(plane.grpcUrl);
  using kept = new KeptSession(plane.grpcUrl, "clock", "by-session", 2_000);
  await kept.registered;
  const instance = (id: string) => ({ service: "clock", id, endpoints: [{ host: "10.0.0.1", port: 8080 }] });
  const { revision } = await clients.registry.register({
    instance: instance("renewed"),
    ttl: { seconds: 3n, nanos: 0 },
  });
  const ids = async () => {
    const { instances } = await clients.discovery.resolve({ target: { service: "clock" } });
    return instances.flatMap(({ instance }) => instance?.id ?? []).sort();
  };
  const late: number[] = [];
  for (const shift of [HOUR_MS, -2 * HOUR_MS, HOUR_MS]) {
    await clients.registry.register({ instance: instance("left"), ttl: { seconds: 2n, nanos: 0 } });
    const start = performance.now();
    await plane.order(`clock ${shift}`);
    expect(await ids()).toEqual(["by-session", "left", "renewed"]);
    while (performance.now() < start + 1_500) {
      await clients.registry.renew({ instances: [{ service: "clock", id: "renewed" }] });
      if (performance.now() < start + 1_400) expect(await ids()).toContain("left");
      await sleep(200);
    }
    await until("the lease ends", async () => !(await ids()).includes("left"), 10_000);
    late.push(performance.now() - start - 2_000);
    await clients.registry.renew({ instances: [{ service: "clock", id: "renewed" }] });
    expect(kept.broken).toBe(false);
  }
  expect(await ids()).toEqual(["by-session", "renewed"]);
  const { oldestRevision } = await clients.admin.getInfo({});
  const { events } = await clients.telemetry.queryEvents({ query: { service: "clock" }, pageSize: 100 });
  console.log(
    `faults: resources: clock +1 h, -2 h, +1 h: leases ended ${late.map((ms) => Math.round(ms)).join(", ")} ms after their TTL, ` +
      `history from r${oldestRevision}, ${events.length} events`,
  );
  for (const ms of late) expect(ms).toBeLessThan(4_000);
  expect(events.filter(({ type }) => type === "instance.expired").length).toBeLessThanOrEqual(3);
  expect(oldestRevision).toBeLessThanOrEqual(revision);
});

test.each(["its event loop is blocked", "its process is stopped"] as const)(
  "while %s for 5 s nobody alive expires, and the dead leave in the end",
  async (how) => {
    await using plane = await WatchedPlane.start({ flags: { "keepalive-time": "1s", "keepalive-timeout": "3s" } });
    using clients = createClients(plane.grpcUrl);
    await using pace = await startPace(plane.grpcPort);
    await using far = await startPace(plane.grpcPort);
    const alive = Array.from({ length: 20 }, (_, n) => {
      return new KeptSession(n % 2 === 0 ? plane.grpcUrl : far.url, "pause", `alive-${n}`, 2_000);
    });
    const dead = Array.from({ length: 5 }, (_, n) => new KeptSession(pace.url, "pause", `dead-${n}`, 2_000));
    await Promise.all([...alive, ...dead].map(({ registered }) => registered));
    const ttl = { seconds: 3n, nanos: 0 };
    for (const id of ["renewing", "silent"]) {
      await clients.registry.register({
        instance: { service: "pause", id, endpoints: [{ host: "10.0.0.1", port: 8080 }] },
        ttl,
      });
    }
    pace.freeze();
    // Far away: the server has asked them whether they live, and their answers come while it stands still.
    far.freeze();
    await sleep(1_200);
    setTimeout(() => far.resume(), 1_000);
    await paused(plane, how, 5_000, clients);
    const ids = async () => {
      const { instances } = await clients.discovery.resolve({ target: { service: "pause" }, includeUnhealthy: true });
      return instances.flatMap(({ instance }) => instance?.id ?? []);
    };
    const start = performance.now();
    const wanted = alive.length + 1;
    await until(
      "only those who live are there",
      async () => {
        await clients.registry.renew({ instances: [{ service: "pause", id: "renewing" }] });
        const now = await ids();
        expect(now).toContain("renewing");
        expect(now.filter((id) => id.startsWith("alive"))).toHaveLength(alive.length);
        return now.length === wanted;
      },
      20_000,
    );
    const broken = alive.filter((session) => session.broken).length;
    console.log(
      `faults: resources: ${how} for 5 s: ${alive.length} sessions kept, ${broken} streams broken, ` +
        `the dead gone ${Math.round(performance.now() - start)} ms after`,
    );
    for (const session of [...alive, ...dead]) session[Symbol.dispose]();
    expect(broken).toBe(0);
  },
);

async function paused(
  plane: WatchedPlane,
  how: string,
  ms: number,
  clients: ReturnType<typeof createClients>,
): Promise<void> {
  // A renewal that is under way while the server stands still: it is there when the server goes on.
  const renewal = () => clients.registry.renew({ instances: [{ service: "pause", id: "renewing" }] });
  if (how === "its event loop is blocked") {
    const blocked = plane.order(`block ${ms}`);
    await sleep(500);
    const renewed = renewal();
    await blocked;
    expect((await renewed).notFound).toEqual([]);
    return;
  }
  plane.plane.program.signal("SIGSTOP");
  await sleep(500);
  const renewed = renewal();
  await sleep(ms - 500);
  plane.plane.program.signal("SIGCONT");
  expect((await renewed).notFound).toEqual([]);
}

/** How long a new client waits for an answer of a read and a write, trying again, in milliseconds. */
async function answersAnew(plane: WatchedPlane): Promise<number> {
  return until(
    "a new client is served",
    async () => {
      using clients = createClients(plane.grpcUrl);
      try {
        await clients.registry.putService({ service: { name: "files" } }, { timeoutMs: 1_000 });
        return true;
      } catch {
        return false;
      }
    },
    20_000,
  );
}

function versions(
  instances: readonly { readonly instance?: { readonly id: string; readonly version: string } | undefined }[],
) {
  return sorted(
    new Map(instances.flatMap(({ instance }) => (instance ? [[instance.id, instance.version] as const] : []))),
  );
}

function sorted(states: ReadonlyMap<string, string>): [string, string][] {
  return [...states].sort(([a], [b]) => (a < b ? -1 : 1));
}

// How Portolan's figures grow with what it holds: instances, watchers, the size of an update.
import { firstAnswerMs, load } from "./load.mjs";
import { Server } from "./servers.mjs";

const INSTANCES = [1_000, 10_000, 100_000, 1_000_000];
const WATCHERS = [100, 1_000, 5_000, 10_000, 20_000];
/** An instance is at most 64 KiB; 100 kB is what clients that read 4 MiB messages get from a batch of two. */
const UPDATE_BYTES = [100, 1_000, 10_000, 60_000];

/** The points of each curve. */
export async function measureGrowth() {
  return {
    instances: await each("instances", INSTANCES, growInstances),
    watchers: await each("watchers", WATCHERS, growWatchers),
    updates: await each("bytes an update", UPDATE_BYTES, growUpdates),
  };
}

async function each(what, sizes, measure) {
  const points = [];
  for (const size of sizes) {
    const server = await Server.create("portolan");
    server.spawn();
    try {
      await firstAnswerMs(server);
      const figures = await measure(server, size);
      points.push({ size, ...figures });
      console.log(`${what} ${size.toLocaleString("en")}: ${JSON.stringify(figures)}`);
    } finally {
      await server.dispose();
    }
  }
  return points;
}

/** Filling by RegisterBatch in services of 100, memory, Resolve under a load of 4 x 50, and a restart. */
async function growInstances(server, size) {
  const groups = size / 100;
  const fill = await load(server, "batch", { keys: size, groups, inflight: 2 });
  const read = await load(server, "read", { connections: 4, inflight: 50, groups, seconds: 5 });
  await server.kill();
  server.spawn();
  const restartMs = await firstAnswerMs(server);
  return {
    fillSeconds: fill.seconds,
    rssMb: fill.rssMb,
    resolvesPerSecond: read.perSecond,
    resolveP99Ms: read.p99Ms,
    restartMs,
  };
}

/** Watchers of one service of 20 instances, 5 changes a second. */
async function growWatchers(server, size) {
  const connections = Math.ceil(size / 100);
  const { p50Ms, p99Ms, rssMb, rssKbPerWatcher, serverCpuMsPerWrite } = await load(server, "fanout", {
    ...{ watchers: size, connections, keys: 20, rate: 5, seconds: 10 },
  });
  return { p50Ms, p99Ms, rssMb, rssKbPerWatcher, serverCpuMsPerWrite };
}

/** 100 watchers, 10 changes a second of this size. */
async function growUpdates(server, size) {
  const { p50Ms, p99Ms, serverCpuMsPerWrite } = await load(server, "fanout", {
    ...{ watchers: 100, connections: 10, keys: 20, rate: 10, seconds: 10, size },
  });
  return { p50Ms, p99Ms, megabytesPerSecond: (size * 100 * 10) / 1e6, serverCpuMsPerWrite };
}

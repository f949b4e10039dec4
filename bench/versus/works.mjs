// What both servers are put to. Each work runs on a fresh server and answers figures; each row says which of them counts.
import { firstAnswerMs, load } from "./load.mjs";

const INSTANCES = 100_000;
const WARM_SECONDS = 3;

/** name of a work -> what it does to a server that just started. */
export const WORKS = {
  register: (server) => register(server, "wire"),
  "register-grpc-go": (server) => register(server, "grpc-go"),
  session: (server) => session(server, "wire"),
  "session-grpc-go": (server) => session(server, "grpc-go"),
  resolve: (server) => resolve(server, "wire"),
  "resolve-grpc-go": (server) => resolve(server, "grpc-go"),
  fanout: (server) => watched(server, { watchers: 1_000, connections: 10, keys: 200, writers: 16, seconds: 10 }),
  crowd: (server) => watched(server, { watchers: 10_000, connections: 100, keys: 20, rate: 5, seconds: 20 }),
  spread100: (server) => spread(server, 100),
  spread1000: (server) => spread(server, 1_000),
  spread10000: (server) => spread(server, 10_000),
  alive: (server) => load(server, "alive", { keys: 50_000, clients: 500, seconds: 30 }),
  async restart(server) {
    if (server.peer === "portolan") await load(server, "batch", { keys: INSTANCES, groups: 1_000, inflight: 2 });
    else await load(server, "fill", { keys: INSTANCES, groups: 1_000, inflight: 500 });
    await server.kill();
    server.spawn();
    return { ms: await firstAnswerMs(server) };
  },
  /** The server has answered once already: this is how long that took. */
  cold: (server) => ({ ms: server.coldMs }),
};

function register(server, client) {
  return warmed(server, "write", { client, connections: 4, inflight: 50, seconds: 10 });
}

/**
 * Portolan in sessions, etcd by Put: what each offers for many writes from few clients. Without warming: sessions that just
 * ended would be in the way.
 */
function session(server, client) {
  const work = server.peer === "etcd" ? "write" : "session";
  return load(server, work, { client, connections: 4, inflight: 500, seconds: 13 });
}

async function resolve(server, client) {
  await load(server, "fill", { keys: 300, groups: 100 });
  return warmed(server, "read", { client, connections: 4, inflight: 50, groups: 100, seconds: 10 });
}

/**
 * The same work for some seconds before it is measured. Servers run for weeks, and one that just started has yet to compile what
 * it runs: a change then costs Portolan twice the CPU.
 */
async function warmed(server, work, options) {
  await load(server, work, { ...options, seconds: WARM_SECONDS });
  return load(server, work, options);
}

/** As `warmed`, with few watchers: those that are measured must find no memory that others left. */
async function watched(server, options) {
  await load(server, "fanout", { watchers: 100, connections: 10, keys: 20, writers: 16, seconds: WARM_SECONDS });
  return load(server, "fanout", options);
}

/** One watcher for each of `groups` groups, and 200 changes a second, each to one of them. */
function spread(server, groups) {
  const connections = Math.ceil(groups / 100);
  return watched(server, { watchers: groups, groups, keys: 1, connections, rate: 200, seconds: 10 });
}

const more = (atLeast, aim) => ({ atLeast, aim, meets: (ratio) => ratio >= atLeast });
const less = (atMost, aim) => ({ atMost, aim, meets: (ratio) => ratio <= atMost });
const untold = { meets: () => true };

/** What is shown: a figure of a work, its unit, and the ratio to the peer that it must and should have. */
export const ROWS = [
  { work: "register", what: "durable Register / Put, 4 x 50", figure: "perSecond", unit: "/s", ...more(0.5, 0.7) },
  { work: "register", what: "  p99", figure: "p99Ms", unit: "ms", ...untold },
  { work: "register-grpc-go", what: "  called by grpc-go", figure: "perSecond", unit: "/s", ...more(0.5, 0.7) },
  { work: "session", what: "durable in Session / Put, 4 x 500", figure: "perSecond", unit: "/s", ...more(1.2, 1.6) },
  { work: "session-grpc-go", what: "  called by grpc-go", figure: "perSecond", unit: "/s", ...more(1.2, 1.6) },
  {
    work: "resolve",
    what: "Resolve of 3 / linearizable Range, 4 x 50",
    figure: "perSecond",
    unit: "/s",
    ...more(0.45, 0.6),
  },
  { work: "resolve-grpc-go", what: "  called by grpc-go", figure: "perSecond", unit: "/s", ...more(0.45, 0.6) },
  {
    work: "fanout",
    what: "1,000 watchers, 16 writers: updates",
    figure: "updatesPerSecond",
    unit: "/s",
    ...more(1.2, 2),
  },
  { work: "fanout", what: "  p99 from write to watcher", figure: "p99Ms", unit: "ms", ...less(0.7, 0.4) },
  { work: "fanout", what: "  writes meanwhile", figure: "writesPerSecond", unit: "/s", ...untold },
  { work: "crowd", what: "10,000 watchers, 5 changes/s: p99", figure: "p99Ms", unit: "ms", ...less(0.7, 0.5) },
  { work: "crowd", what: "  memory a watcher", figure: "rssKbPerWatcher", unit: "kB", ...less(0.4, 0.2) },
  {
    work: "spread100",
    what: "1 of 100 services changes: CPU",
    figure: "serverCpuMsPerWrite",
    unit: "ms",
    ...less(1.5, 0.7),
  },
  { work: "spread1000", what: "1 of 1,000", figure: "serverCpuMsPerWrite", unit: "ms", ...less(1.5, 0.7) },
  { work: "spread10000", what: "1 of 10,000", figure: "serverCpuMsPerWrite", unit: "ms", ...less(1.5, 0.7) },
  {
    work: "alive",
    what: "50,000 instances alive for 30 s: CPU",
    figure: "serverCpuSeconds",
    unit: "s",
    ...less(0.1, 0.02),
  },
  { work: "alive", what: "  memory", figure: "rssMb", unit: "MB", ...less(0.5, 0.25) },
  { work: "restart", what: "restart with 100,000 to first answer", figure: "ms", unit: "ms", ...less(1.5, 1) },
  { work: "cold", what: "cold start of an empty server", figure: "ms", unit: "ms", ...untold },
];

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { Command } from "commander";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { type ResolveRequest, WatchResponseSchema } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import {
  Health,
  type ListServicesRequest,
  type RegisterRequest,
  RegisterResponseSchema,
} from "../../gen/portolan/registry/v1/registry_pb.js";
import { type QueryLogsRequest, Severity, type TailLogsRequest } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { addCommands, EXIT, runProgram } from "../../src/cli/index.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeIo } from "./fake-io.js";
import { type Answers, FakePlane } from "./fake-plane.js";

const NOW_MS = new Date(2026, 4, 4, 12, 1, 7).getTime();

/** Runs one command line against what `answers` says. */
async function run(answers: Answers, ...words: string[]): Promise<FakeIo> {
  await using plane = await FakePlane.start(answers);
  const io = new FakeIo({ clock: new FakeClock(NOW_MS), env: { PORTOLAN_SERVER: plane.address } });
  await io.run(...words);
  return io;
}

const instance = {
  service: "checkout",
  id: "a1",
  endpoints: [{ name: "grpc", host: "10.0.0.5", port: 8080 }],
  health: Health.SERVING,
  version: "2.1",
};

test("resolve shows whom to call, best first", async () => {
  const io = await run(
    {
      discovery: {
        resolve: () => ({
          revision: 42n,
          exists: true,
          instances: [
            { instance, priority: 0, effectiveWeight: 100 },
            { instance: { ...instance, id: "b22", locality: { region: "eu" } }, priority: 1, effectiveWeight: 50 },
          ],
        }),
      },
    },
    "resolve",
    "checkout",
  );
  expect(io.stdout.text).toBe(
    [
      "PRIORITY  WEIGHT  ID   ENDPOINTS           HEALTH   VERSION  LOCALITY",
      "0         100     a1   grpc=10.0.0.5:8080  SERVING  2.1      -",
      "1         50      b22  grpc=10.0.0.5:8080  SERVING  2.1      eu",
      "",
    ].join("\n"),
  );
  expect(io.exitCode).toBe(0);
});

test("resolve tells a service that is not there from one that has nobody", async () => {
  const nobody = await run({ discovery: { resolve: () => ({ revision: 42n, exists: true }) } }, "resolve", "checkout");
  expect([nobody.exitCode, nobody.stderr.text]).toEqual([0, expect.stringMatching(/exists, but no instances .*r42/)]);
  const missing = await run({ discovery: { resolve: () => ({ revision: 42n }) } }, "resolve", "nope", "-o", "json");
  expect([missing.exitCode, missing.stderr.text]).toEqual([
    EXIT.notFound,
    "portolan: no such service: nope (at r42)\n",
  ]);
  expect(JSON.parse(missing.stdout.text)).toEqual({ revision: "42", exists: false, instances: [], panic: false });
});

test("resolve asks for what the command line says", async () => {
  let asked: ResolveRequest | undefined;
  const resolve = (request: ResolveRequest) => {
    asked = request;
    return { exists: true };
  };
  const words = [
    "--filter",
    "f",
    "--locality",
    "eu/b",
    "--wait-revision",
    "7",
    "--include-unhealthy",
    "--consumer",
    "me",
  ];
  await run({ discovery: { resolve } }, "resolve", "checkout", "-n", "shop", "--endpoint-name", "grpc", ...words);
  expect(asked).toMatchObject({
    target: { namespace: "shop", service: "checkout", filter: "f", endpointName: "grpc" },
    locality: { region: "eu", zone: "b" },
    minRevision: 7n,
    includeUnhealthy: true,
    consumer: "me",
  });
});

test("services reads every page", async () => {
  const asked: string[] = [];
  const listServices = ({ pageToken }: ListServicesRequest) => {
    asked.push(pageToken);
    const name = pageToken === "" ? "cart" : "checkout";
    const services = [{ namespace: "default", name, instanceCount: 2, servingCount: 1, owner: "pay" }];
    return { services, nextPageToken: pageToken === "" ? "next" : "", revision: 5n };
  };
  const io = await run({ registry: { listServices } }, "services");
  expect(asked).toEqual(["", "next"]);
  expect(
    io.stdout.text
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ["NAMESPACE", "NAME", "SERVING", "INSTANCES", "OWNER", "DESCRIPTION"],
    ["default", "cart", "1", "2", "pay", "-"],
    ["default", "checkout", "1", "2", "pay", "-"],
  ]);
});

test("the same list is one document for programs, in JSON and in YAML", async () => {
  const listServices = () => ({ services: [{ namespace: "default", name: "cart" }], revision: 5n });
  const json = JSON.parse((await run({ registry: { listServices } }, "services", "-o", "json")).stdout.text);
  const yaml = parse((await run({ registry: { listServices } }, "services", "-o", "yaml")).stdout.text);
  expect(json).toMatchObject({ services: [{ name: "cart" }], revision: "5" });
  expect(yaml).toEqual(json);
});

test("instances shows how old each is and what keeps it", async () => {
  const listInstances = () => ({
    instances: [
      { ...instance, sessionId: "s-1", registeredAt: timestampFromMs(NOW_MS - 200_000) },
      { ...instance, id: "b", expiresAt: timestampFromMs(NOW_MS + 12_000) },
      { ...instance, id: "c" },
    ],
  });
  const io = await run({ registry: { listInstances } }, "instances");
  const rows = io.stdout.text.trimEnd().split("\n").slice(1);
  expect(rows.map((row) => row.split(/ {2,}/).slice(5))).toEqual([
    ["3m 20s", "s-1"],
    ["-", "lease, 12s left"],
    ["-", "nothing"],
  ]);
});

test("watch prints changes with their revision, sign, health and delay", async () => {
  async function* watch() {
    yield { revision: 41n, reset: true, synced: true, updates: [{ service: "checkout", exists: true, reset: true }] };
    yield {
      revision: 42n,
      committedAt: timestampFromMs(NOW_MS - 3),
      updates: [{ service: "checkout", exists: true, put: [{ instance }] }],
    };
    yield { revision: 43n };
    yield {
      revision: 44n,
      committedAt: timestampFromMs(NOW_MS - 1),
      updates: [{ service: "checkout", exists: true, removed: ["a1"] }],
    };
    throw new ConnectError("enough", Code.InvalidArgument);
  }
  const io = await run({ discovery: { watch } }, "watch", "checkout");
  expect(io.stdout.text.split("\n")).toEqual([
    "12:01:07  r41  synced: 0 instances of 1 service",
    "12:01:07  r42  + checkout/a1  grpc=10.0.0.5:8080  SERVING  v2.1  (3 ms)",
    "12:01:07  r44  - checkout/a1  grpc=10.0.0.5:8080  (1 ms)",
    "",
  ]);
  expect(io.exitCode).toBe(EXIT.usage);
});

test("watch prints bookmarks only when asked", async () => {
  async function* watch() {
    yield { revision: 41n };
    yield { revision: 42n, synced: true };
  }
  expect((await run({ discovery: { watch } }, "watch", "a", "--once")).stdout.text).not.toMatch(/r41/);
  expect((await run({ discovery: { watch } }, "watch", "a", "--once", "-v")).stdout.text).toMatch(/r41 {2}bookmark/);
});

test("watch of an empty plane is synced at r0", async () => {
  async function* watch() {
    yield { reset: true, synced: true, updates: [{ service: "a", reset: true }] };
  }
  expect((await run({ discovery: { watch } }, "watch", "a", "--once")).stdout.text.split("\n")).toEqual([
    "12:01:07  r0  ! a  no such service yet",
    "12:01:07  r0  synced: 0 instances of 0 services",
    "",
  ]);
});

test("watch prints a line of JSON or a YAML document for each response", async () => {
  async function* watch() {
    yield { revision: 1n, reset: true };
    yield { revision: 2n, synced: true };
  }
  const json = (await run({ discovery: { watch } }, "watch", "a", "--once", "-o", "json")).stdout.text;
  expect(
    json
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).revision),
  ).toEqual(["1", "2"]);
  const yaml = (await run({ discovery: { watch } }, "watch", "a", "--once", "-o", "yaml")).stdout.text;
  expect(parseAllDocuments(yaml).map((document) => document.toJS().revision)).toEqual(["1", "2"]);
});

test("watch resumes after the last revision that it has whole", async () => {
  const asked: bigint[] = [];
  const watch = async function* ({ afterRevision }: { afterRevision: bigint }) {
    asked.push(afterRevision);
    yield create(WatchResponseSchema, { revision: 7n, synced: true });
    yield create(WatchResponseSchema, { revision: 0n });
    if (asked.length === 1) throw new ConnectError("stopping", Code.Unavailable);
    await new Promise(() => {});
  };
  await using plane = await FakePlane.start({ discovery: { watch } });
  const clock = new FakeClock(NOW_MS);
  const io = new FakeIo({ clock });
  const done = io.run("watch", "checkout", "--server", plane.address);
  await io.stderr.until(/stopping; trying again/);
  clock.advance(10_000);
  await io.stderr.until(/connected .* again/);
  io.send("SIGINT");
  await done;
  expect([asked, io.exitCode]).toEqual([[0n, 7n], 0]);
});

test("watch wants a name, or the list", async () => {
  expect((await run({}, "watch")).stderr.text).toMatch(/name the services/);
  const io = await run({}, "watch", "--services", "x");
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.usage, expect.stringMatching(/leave --services out/)]);
});

test("the list of services is watched by either command, and resets show only what differs", async () => {
  async function* watchServices() {
    const service = (name: string, modRevision: bigint) => ({ namespace: "default", name, modRevision });
    yield { revision: 1n, reset: true, put: [service("cart", 1n), service("pay", 1n)], synced: true };
    yield { revision: 2n, removed: [{ namespace: "default", name: "cart" }] };
    yield { revision: 9n, reset: true, put: [service("pay", 3n), service("web", 1n)], synced: true };
    throw new ConnectError("enough", Code.InvalidArgument);
  }
  const [one, other] = [
    await run({ discovery: { watchServices } }, "watch", "--services"),
    await run({ discovery: { watchServices } }, "services", "--watch"),
  ];
  expect(one.stdout.text.split("\n").map((line) => line.slice(10))).toEqual([
    "r1  + default/cart",
    "r1  + default/pay",
    "r1  synced: 2 services",
    "r2  - default/cart",
    "r9  ~ default/pay",
    "r9  + default/web",
    "r9  synced: 2 services",
    "",
  ]);
  expect(other.stdout.text).toBe(one.stdout.text);
});

const status = {
  namespace: "default",
  service: "checkout",
  instancesByHealth: { SERVING: 3, DRAINING: 1 },
  available: true,
  calls: { calls: 200n, errors: 3n, callsPerSecond: 3.333, p50Ms: 1.25, p99Ms: 81.4 },
};

test("status of a service shows its instances and calls", async () => {
  const io = await run({ telemetry: { getServiceStatus: () => ({ status }) } }, "status", "checkout");
  expect(io.stdout.text.split("\n")[1]?.split(/ {2,}/)).toEqual([
    "checkout",
    "yes",
    "3 SERVING, 1 DRAINING",
    "3.3",
    "1.5 %",
    "1.3 ms",
    "81 ms",
  ]);
});

test("status without a name shows the control plane and every service", async () => {
  const answers: Answers = {
    admin: {
      getInfo: () => ({ version: "0.1.0", store: "level", revision: 42n, services: 2, uptime: { seconds: 75n } }),
    },
    registry: { listServices: () => ({ services: ["cart", "pay"].map((name) => ({ namespace: "default", name })) }) },
    telemetry: { getServiceStatus: ({ service }) => ({ status: { service } }) },
  };
  const io = await run(answers, "status");
  expect(io.stdout.text).toMatch(/server: .*version 0\.1\.0, up 1m 15s\nstore: .*level, r42/);
  expect(io.stdout.text).toMatch(/cart {2,}no {2,}none {2,}-[\s\S]*pay/);
  const document = JSON.parse((await run(answers, "status", "-o", "json")).stdout.text);
  expect([document.info.revision, document.services.length]).toEqual(["42", 2]);
});

test("logs shows the newest in the order of time", async () => {
  let asked: QueryLogsRequest | undefined;
  const record = (second: number, body: string) => ({
    time: timestampFromMs(NOW_MS + second * 1_000),
    service: "checkout",
    instanceId: "a1",
    severity: Severity.WARN,
    body,
    attributes: { user: "7" },
  });
  const queryLogs = (request: QueryLogsRequest) => {
    asked = request;
    return { records: [record(2, "later"), record(1, "earlier")] };
  };
  const words = ["--contains", "x", "--severity", "warn", "--since", "10m", "--limit", "2"];
  const io = await run({ telemetry: { queryLogs } }, "logs", "checkout", ...words);
  expect(io.stdout.text).toBe(
    "2026-05-04 12:01:08  WARN   checkout/a1  earlier user=7\n2026-05-04 12:01:09  WARN   checkout/a1  later user=7\n",
  );
  expect(asked).toMatchObject({
    query: { service: "checkout", contains: "x", minSeverity: Severity.WARN },
    start: { seconds: BigInt((NOW_MS - 600_000) / 1_000) },
    pageSize: 2,
  });
});

test("logs that are followed repeat nothing after a broken connection, and tell what was missed", async () => {
  const asked: number[] = [];
  const record = (at: number) => ({ time: timestampFromMs(NOW_MS + at), service: "checkout", body: `line ${at}` });
  const tailLogs = async function* ({ backlog }: TailLogsRequest) {
    asked.push(backlog);
    yield { records: [record(1), record(2)] };
    if (asked.length === 1) throw new ConnectError("stopping", Code.Unavailable);
    yield { records: [record(3)], missed: 4n };
    // An instance whose clock is behind.
    yield { records: [{ ...record(1), body: "line 0" }] };
    throw new ConnectError("enough", Code.InvalidArgument);
  };
  await using plane = await FakePlane.start({ telemetry: { tailLogs } });
  const clock = new FakeClock(NOW_MS);
  const io = new FakeIo({ clock });
  const done = io.run("logs", "-f", "--limit", "5", "--server", plane.address);
  await io.stderr.until(/trying again/);
  clock.advance(10_000);
  await done;
  expect(asked).toEqual([5, 1_000]);
  expect(io.stdout.text.match(/line \d/g)).toEqual(["line 1", "line 2", "line 3", "line 0"]);
  expect(io.stderr.text).toMatch(/4 records were left out/);
});

test("events that are followed go on where the past ended", async () => {
  let after = 0n;
  const event = (revision: bigint, message: string) => ({
    revision,
    message,
    type: "instance.registered",
    actor: "me",
  });
  const answers: Answers = {
    admin: { getInfo: () => ({ revision: 40n }) },
    telemetry: {
      queryEvents: () => ({ events: [event(41n, "second"), event(40n, "first")] }),
      tailEvents: async function* ({ afterRevision }) {
        after = afterRevision;
        yield { events: [event(42n, "third")] };
        throw new ConnectError("enough", Code.InvalidArgument);
      },
    },
  };
  const io = await run(answers, "events", "-f");
  expect(io.stdout.text.match(/first|second|third/g)).toEqual(["first", "second", "third"]);
  expect([after, io.stdout.text.split("\n")[0]]).toEqual([41n, "-     r40  instance.registered      first  by me"]);
});

test("events say who did it once, and a session's events which session", async () => {
  const event = (type: string, actor: string, message: string) => ({ type, actor, message });
  const newestFirst = [
    event("instance.expired", "system:lease", "shop/a1 expired: its lease was not renewed"),
    event("instance.health_changed", "al", "shop/a1 went from SERVING to DRAINING by alice: drains for 2 s"),
    event("instance.health_changed", "alice", "shop/a1 went from SERVING to DRAINING by alice: drains for 2 s"),
    event("service.put", "session:s-1", "shop created by session:s-1"),
    event("session.opened", "session:s-1", 'opened by "worker"'),
  ];
  const io = await run({ telemetry: { queryEvents: () => ({ events: newestFirst }) } }, "events");
  expect(io.stdout.text.split("\n").map((line) => line.replace(/^- +- {2}/, ""))).toEqual([
    'session.opened           opened by "worker"  session:s-1',
    "service.put              shop created by session:s-1",
    "instance.health_changed  shop/a1 went from SERVING to DRAINING by alice: drains for 2 s",
    "instance.health_changed  shop/a1 went from SERVING to DRAINING by alice: drains for 2 s  by al",
    "instance.expired         shop/a1 expired: its lease was not renewed  by system:lease",
    "",
  ]);
});

test("deregister says what became of the instance", async () => {
  const say = async (revision: bigint, ...more: string[]) =>
    (await run({ registry: { deregister: () => ({ revision }) } }, "deregister", "a", "b", ...more)).stdout.text;
  expect(await say(7n)).toBe("a/b left (r7)\n");
  expect(await say(7n, "--drain", "30s")).toBe("a/b drains for 30s, then leaves (r7)\n");
  expect(await say(0n)).toBe("a/b was not registered\n");
});

test("compact says since when history is kept", async () => {
  const compact = () => ({ oldestRevision: 12n });
  expect((await run({ admin: { compact } }, "compact", "--revision", "11")).stdout.text).toBe(
    "history is kept from r12 on\n",
  );
});

test("register --once registers all that the command line says and returns", async () => {
  let asked: RegisterRequest | undefined;
  const register = (request: RegisterRequest) => {
    asked = request;
    return create(RegisterResponseSchema, { revision: 7n, instance: { ttl: { seconds: 60n } }, ttl: { seconds: 60n } });
  };
  const io = await run(
    { registry: { register } },
    ...["register", "--once", "--service", "shop", "--id", "a1", "--endpoint", "grpc=10.0.0.5:8080", "--ttl", "60s"],
    ...["--label", "env=prod", "--version", "2.1", "--weight", "0", "--region", "eu", "--health", "starting"],
    ...["--http-health", "/ready", "--endpoint", "admin=10.0.0.5:9000"],
  );
  expect(io.stdout.text).toBe("registered shop/a1 (r7): stays for 1m\n");
  expect(asked).toMatchObject({
    ttl: { seconds: 60n },
    instance: {
      service: "shop",
      id: "a1",
      endpoints: [
        { name: "grpc", port: 8080 },
        { name: "admin", port: 9000 },
      ],
      labels: { env: "prod" },
      version: "2.1",
      weight: 0,
      locality: { region: "eu" },
      reportedHealth: Health.STARTING,
      healthCheck: { probe: { case: "http", value: { path: "/ready" } } },
    },
  });
});

test("the version of a registration is not taken for a question after the program's own", async () => {
  let version = "";
  const register = (request: RegisterRequest) => {
    version = request.instance?.version ?? "";
    return {};
  };
  await using plane = await FakePlane.start({ registry: { register } });
  const io = new FakeIo();
  const program = new Command("portolan").version("0.1.0");
  addCommands(program, io);
  const words = ["register", "--once", "--service", "a", "--endpoint", "h:1", "--version", "2.1"];
  await runProgram(program, ["node", "portolan", ...words, "--server", plane.address], io);
  expect([io.stdout.text, version]).toEqual([expect.stringMatching(/^registered a\//), "2.1"]);
  await runProgram(program, ["node", "portolan", "--version"], io);
  expect(io.stdout.text).toMatch(/\n0\.1\.0\n$/);
});

test("register makes an id that the registry takes", async () => {
  let id = "";
  const register = (request: RegisterRequest) => {
    id = request.instance?.id ?? "";
    return {};
  };
  await run({ registry: { register } }, "register", "--once", "--service", "a", "--endpoint", "h:1");
  expect(id).toMatch(/^[A-Za-z0-9._:-]{1,121}-[a-z0-9]{6}$/);
});

test.each([
  [["register", "--service", "a", "--endpoint", "h:1", "--tcp-health", "--grpc-health"], /one of the/],
  [["register", "--service", "a", "--endpoint", "h:1", "--once", "--", "true"], /--once/],
  [["register", "--service", "a"], /required option '--endpoint/],
  [["resolve", "a", "--timeout", "0"], /longer than 0/],
  [["resolve", "a", "--timeout", "25d"], /24d or shorter/],
  [["resolve", "a", "b"], /too many arguments/],
  [["nope"], /unknown command 'nope'/],
])("the command line %j is answered with one line and the usage code", async (words, line) => {
  const io = await run({}, ...words);
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.usage, expect.stringMatching(line)]);
  expect(io.stderr.text.match(/\n/g)).toHaveLength(1);
});

test("a server that PORTOLAN_SERVER names wrongly is a fault of usage", async () => {
  const io = new FakeIo({ env: { PORTOLAN_SERVER: "not an address" } });
  await io.run("services");
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.usage, expect.stringMatching(/HOST:PORT/)]);
});

test("a call that is not answered in time ends with the code of one that nobody answers", async () => {
  const resolve = () => new Promise<never>(() => {});
  const io = await run({ discovery: { resolve } }, "resolve", "a", "--timeout", "50ms");
  expect([io.exitCode, io.stderr.text]).toEqual([EXIT.unavailable, expect.stringMatching(/--timeout/)]);
});

test("help is no error, and names every command", async () => {
  const io = await run({}, "--help");
  expect(io.exitCode).toBe(0);
  const names = ["register", "deregister", "resolve", "watch", "services", "instances", "status", "logs", "events"];
  for (const name of [...names, "backup", "compact", "protos"])
    expect(io.stdout.text).toMatch(new RegExp(`^  ${name} `, "m"));
});

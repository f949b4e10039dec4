import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.js";
import type { WatchResponse } from "../gen/portolan/discovery/v1/discovery_pb.js";
import { DiscoveryService } from "../gen/portolan/discovery/v1/discovery_pb.js";
import { RegistryService } from "../gen/portolan/registry/v1/registry_pb.js";
import { restoreBackup } from "../src/store/index.js";
import { type Built, buildProgram, type Running } from "./support/built.js";
import { caught, fieldsOf, reasonOf } from "./support/caught.js";
import { startDirectory } from "./support/directory.js";
import { type Plane, startPlane } from "./support/plane.js";

const FOREVER = { seconds: 0n, nanos: 0 };
const instance = (id: string, version = "1") => ({
  service: "x",
  id,
  version,
  endpoints: [{ host: "10.0.0.1", port: 80 }],
});

/** A consumer as the contract tells him to be, over the wire. */
class Consumer {
  readonly versions = new Map<string, string>();
  revision = 0n;
  resets = 0;
  /** "id@modRevision" of all that was ever put since the last reset. */
  readonly #seen = new Set<string>();

  take(response: WatchResponse): void {
    if (response.reset) this.#forget();
    for (const { put, removed, reset } of response.updates) {
      if (reset) this.versions.clear();
      for (const id of removed) expect(this.versions.delete(id), `${id} was put before it was removed`).toBe(true);
      for (const { instance: told } of put) this.#put(told?.id ?? "", told?.modRevision ?? 0n, told?.version ?? "");
    }
    if (response.revision === 0n) return;
    expect(response.revision).toBeGreaterThanOrEqual(this.revision);
    this.revision = response.revision;
  }

  #put(id: string, modRevision: bigint, version: string): void {
    expect(this.#seen.has(`${id}@${modRevision}`), `${id}@${modRevision} is told once`).toBe(false);
    this.#seen.add(`${id}@${modRevision}`);
    this.versions.set(id, version);
  }

  #forget(): void {
    this.resets++;
    this.versions.clear();
    this.#seen.clear();
    this.revision = 0n;
  }
}

function clientsOf(address: string) {
  const transport = createGrpcTransport({ baseUrl: `http://${address}` });
  return { registry: createClient(RegistryService, transport), discovery: createClient(DiscoveryService, transport) };
}
type Clients = ReturnType<typeof clientsOf>;

/** Follows until the plane is gone or `signal` aborts. */
async function follow(clients: Clients, consumer: Consumer, signal?: AbortSignal): Promise<void> {
  const request = { targets: [{ service: "x" }], afterRevision: consumer.revision };
  try {
    for await (const response of clients.discovery.watch(request, signal ? { signal } : {})) consumer.take(response);
  } catch (error) {
    if (error instanceof Error && error.name === "AssertionError") throw error;
  }
}

describe("Durable", () => {
  test("an acknowledged write survives kill -9 under load, sessions resume, and watches go on without a gap", {
    timeout: 90_000,
  }, async () => {
    await using program = await buildProgram();
    await using directory = await startDirectory();
    const acknowledged = new Map<string, bigint>();
    const consumer = new Consumer();
    let resumeToken = "";
    for (let round = 0; round < 3; round++) {
      const running = serve(program, directory.path);
      const clients = clientsOf((await running.said(/"grpc":"([^"]+)"/))[1] ?? "");
      if (round > 0) await expectAll(clients, acknowledged);
      const session = holdSession(clients, resumeToken);
      resumeToken = (await session.opened).resumeToken;
      expect((await session.opened).held).toBe(round === 0 ? 0 : 1);
      const following = follow(clients, consumer);
      await loadUntil(running, clients, acknowledged, round, 150 + Math.floor(Math.random() * 300));
      await Promise.all([running.ended, session.ended, following]);
    }
    const running = serve(program, directory.path);
    const clients = clientsOf((await running.said(/"grpc":"([^"]+)"/))[1] ?? "");
    await expectAll(clients, acknowledged);
    const { revision } = await clients.discovery.resolve({ target: { service: "x" } });
    const abort = new AbortController();
    const following = follow(clients, consumer, abort.signal);
    await expect.poll(() => consumer.revision).toBe(revision);
    abort.abort();
    await following;
    expect(consumer.resets).toBe(1);
    expect([...consumer.versions.keys()].sort()).toEqual(await idsOf(clients));
  });

  function serve(program: Built, dataDir: string): Running {
    const addresses = ["--grpc-address", "127.0.0.1:0", "--http-address", "off"];
    return program.run(["serve", ...addresses, "--data-dir", dataDir, "--log-format", "json"]);
  }

  /** Sixteen writers until `writes` were acknowledged; then the plane is killed while they go on. */
  async function loadUntil(
    running: Running,
    clients: Clients,
    acknowledged: Map<string, bigint>,
    round: number,
    writes: number,
  ): Promise<void> {
    let answered = 0;
    let next = 0;
    const write = async (): Promise<void> => {
      for (;;) {
        const id = `r${round}-${next++}`;
        const answer = await clients.registry.register({ instance: instance(id), ttl: FOREVER }).catch(() => undefined);
        if (!answer) return;
        acknowledged.set(id, answer.revision);
        if (++answered === writes) running.kill("SIGKILL");
      }
    };
    await Promise.all(Array.from({ length: 16 }, write));
  }

  /** A session with one instance, held until the plane is gone. */
  function holdSession(clients: Clients, resumeToken: string) {
    let onOpened: (opened: { resumeToken: string; held: number }) => void = () => {};
    let onGone: () => void = () => {};
    const opened = new Promise<{ resumeToken: string; held: number }>((resolve) => {
      onOpened = resolve;
    });
    const gone = new Promise<void>((resolve) => {
      onGone = resolve;
    });
    const requests = async function* () {
      yield {
        requestId: 1n,
        request: { case: "open" as const, value: { resumeToken, ttl: { seconds: 60n, nanos: 0 } } },
      };
      if (resumeToken === "") {
        const value = { instance: { ...instance("held"), service: "held" } };
        yield { requestId: 2n, request: { case: "register" as const, value } };
      }
      await gone;
    };
    const ended = (async () => {
      let token = "";
      for await (const { response } of clients.registry.session(requests())) {
        if (response.case === "opened") {
          token = response.value.resumeToken;
          if (resumeToken !== "") onOpened({ resumeToken: token, held: response.value.instances.length });
        } else if (response.case === "committed") onOpened({ resumeToken: token, held: 0 });
      }
    })()
      .catch(() => {})
      .finally(() => onGone());
    return { opened, ended };
  }

  async function expectAll(clients: Clients, acknowledged: ReadonlyMap<string, bigint>): Promise<void> {
    const { instances } = await clients.discovery.resolve({ target: { service: "x" } });
    const stands = new Map(instances.map(({ instance: found }) => [found?.id ?? "", found?.modRevision]));
    const lost = [...acknowledged].filter(([id, revision]) => stands.get(id) !== revision);
    expect(lost).toEqual([]);
  }

  async function idsOf(clients: Clients): Promise<string[]> {
    const { instances } = await clients.discovery.resolve({ target: { service: "x" } });
    return instances.map(({ instance: found }) => found?.id ?? "").sort();
  }
});

describe("Linearizable", () => {
  test("of many who create the same at once, one succeeds and the others learn what stands", async () => {
    await using plane = await startPlane({ store: "level" });
    const create = (version: string) =>
      plane.registry.register({ instance: instance("a", version), ttl: FOREVER, expectedRevision: 0n });
    const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => create(String(i))));
    const won = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    const lost = answers.flatMap((answer) => (answer.status === "rejected" ? [reasonOf(answer.reason)] : []));
    expect(won).toHaveLength(1);
    expect(new Set(lost)).toEqual(new Set(["REVISION_CONFLICT"]));
    const { instance: stands } = await plane.registry.getInstance({ instance: { service: "x", id: "a" } });
    expect(stands?.version).toBe(won[0]?.instance?.version);
  });

  test("a counter that many raise by compare-and-set loses no step", async () => {
    await using plane = await startPlane({ store: "level" });
    await plane.registry.register({ instance: instance("a", "0"), ttl: FOREVER });
    const raise = async (): Promise<void> => {
      for (;;) {
        const { instance: read } = await plane.registry.getInstance({ instance: { service: "x", id: "a" } });
        const raised = { service: "x", id: "a", version: String(Number(read?.version) + 1) };
        const request = {
          instance: raised,
          updateMask: { paths: ["version"] },
          expectedRevision: read?.modRevision ?? 0n,
        };
        const done = await plane.registry.updateInstance(request).then(
          () => true,
          (error) => {
            expect(reasonOf(error)).toBe("REVISION_CONFLICT");
            return false;
          },
        );
        if (done) return;
      }
    };
    await Promise.all(Array.from({ length: 12 }, raise));
    const { instance: stands } = await plane.registry.getInstance({ instance: { service: "x", id: "a" } });
    expect(stands?.version).toBe("12");
  });

  test("a read that begins after a write was answered shows it, on every way to read", async () => {
    await using plane = await startPlane({ store: "level" });
    for (let i = 0; i < 20; i++) {
      const { revision } = await plane.registry.register({ instance: instance(`i-${i}`), ttl: FOREVER });
      const resolved = await plane.discovery.resolve({ target: { service: "x" }, minRevision: revision });
      const listed = await plane.registry.listInstances({ service: "x" });
      expect([resolved.revision, resolved.instances.length]).toEqual([revision, i + 1]);
      expect([listed.revision, listed.instances.length]).toEqual([revision, i + 1]);
    }
  });
});

describe("Revisions", () => {
  test("count the commits of all kinds by one, and what changes nothing takes none", async () => {
    await using plane = await startPlane({ store: "level" });
    const revisions = [
      (await plane.registry.putService({ service: { name: "x" } })).revision,
      (await plane.registry.register({ instance: instance("a"), ttl: FOREVER })).revision,
      (await plane.registry.register({ instance: instance("a"), ttl: FOREVER })).revision,
      (await plane.registry.registerBatch({ requests: [{ instance: instance("b") }, { instance: instance("c") }] }))
        .revision,
      (await plane.registry.deregister({ instance: { service: "x", id: "unknown" } })).revision,
      (await plane.registry.deregister({ instance: { service: "x", id: "a" } })).revision,
      (await plane.registry.deleteService({ name: "x", cascade: true })).revision,
    ];
    expect(revisions).toEqual([1n, 2n, 2n, 3n, 0n, 4n, 5n]);
  });

  test("never go back, neither after a restart nor after a restore", async () => {
    await using directory = await startDirectory();
    const before = await startPlane({ store: "level", dataDir: `${directory.path}/a` });
    for (const id of ["a", "b", "c"]) await before.registry.register({ instance: instance(id), ttl: FOREVER });
    const chunks: Uint8Array[] = [];
    for await (const { chunk } of before.admin.backup({})) chunks.push(chunk);
    await before[Symbol.asyncDispose]();
    async function* input() {
      yield* chunks;
    }
    await restoreBackup({ input: input(), dataDir: `${directory.path}/b` });
    for (const dataDir of [`${directory.path}/a`, `${directory.path}/b`]) {
      await using plane = await startPlane({ store: "level", dataDir });
      expect((await plane.admin.getInfo({})).revision).toBe(3n);
      expect((await plane.registry.register({ instance: instance("d"), ttl: FOREVER })).revision).toBe(4n);
    }
  });
});

describe("Watches", () => {
  test("are ordered, unique, atomic, reliable, resumable and filtered, however often they are cut", async () => {
    await using plane = await startPlane({ store: "level" });
    const filter = 'instance.version != "3"';
    const consumer = new Consumer();
    await plane.registry.putService({ service: { name: "x" } });
    const writing = write(plane);
    while (!(await settledOrLater(writing))) await readSome(plane, consumer, filter);
    const { revision, instances } = await plane.discovery.resolve({ target: { service: "x", filter } });
    while (consumer.revision < revision) await readSome(plane, consumer, filter);
    const stands = instances.map(({ instance: found }) => [found?.id, found?.version]);
    expect([...consumer.versions].sort()).toEqual(stands.sort());
    expect(consumer.resets).toBe(1);
    for (const pair of ["a", "b", "c"])
      expect(consumer.versions.get(`${pair}1`)).toBe(consumer.versions.get(`${pair}2`));
  });

  /** Pairs that always change together, in one commit. */
  async function write({ registry }: Plane): Promise<void> {
    for (let i = 0; i < 150; i++) {
      const pair = "abc"[i % 3] ?? "a";
      const requests = [`${pair}1`, `${pair}2`].map((id) => ({ instance: instance(id, String(i % 5)), ttl: FOREVER }));
      await registry.registerBatch({ requests });
    }
  }

  /** Reads a few responses, then cuts the stream. After each, both of a pair say the same: commits come whole. */
  async function readSome({ discovery }: Plane, consumer: Consumer, filter: string): Promise<void> {
    const abort = new AbortController();
    const request = { targets: [{ service: "x", filter }], afterRevision: consumer.revision };
    let left = 1 + Math.floor(Math.random() * 6);
    try {
      for await (const response of discovery.watch(request, { signal: abort.signal })) {
        consumer.take(response);
        for (const pair of ["a", "b", "c"]) {
          expect(consumer.versions.get(`${pair}1`)).toBe(consumer.versions.get(`${pair}2`));
        }
        if (--left === 0 || response.synced) abort.abort();
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
  }

  async function settledOrLater(promise: Promise<unknown>): Promise<boolean> {
    return Promise.race([promise.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
  }

  test("are bookmarked: a watch that nothing concerns advances too", async () => {
    await using plane = await startPlane();
    await plane.registry.putService({ service: { name: "x" } });
    const abort = new AbortController();
    const request = { targets: [{ service: "x" }], bookmarkInterval: { seconds: 1n, nanos: 0 } };
    let elsewhere = 0n;
    try {
      for await (const response of plane.discovery.watch(request, { signal: abort.signal })) {
        if (response.synced) elsewhere = (await plane.registry.putService({ service: { name: "y" } })).revision;
        else {
          expect(response).toMatchObject({ revision: elsewhere, updates: [] });
          abort.abort();
        }
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
    expect(elsewhere).toBe(2n);
  });
});

describe("Bad input", () => {
  test("is refused with every fault at once, nothing is half done, and the server serves on", async () => {
    await using plane = await startPlane();
    const requests = [
      { instance: instance("good"), ttl: FOREVER },
      { instance: { ...instance("bad id"), endpoints: [{ host: "10.0.0.1", port: 70_000 }] }, ttl: FOREVER },
    ];
    const error = await caught(plane.registry.registerBatch({ requests }));
    expect(reasonOf(error)).toBe("FIELDS_INVALID");
    expect(fieldsOf(error)).toEqual(["requests[1].instance.id", "requests[1].instance.endpoints[0].port"]);
    expect((await plane.admin.getInfo({})).revision).toBe(0n);
    expect((await plane.registry.register({ instance: instance("good") })).revision).toBe(1n);
  });
});

describe("Overload", () => {
  test("is refused early, says when to come back, and nothing that was accepted is lost", async () => {
    await using plane = await startPlane({ store: "level", flags: { "max-pending-commits": "20" } });
    const write = (i: number) => plane.registry.register({ instance: instance(`i-${i}`), ttl: FOREVER });
    const answers = await Promise.allSettled(Array.from({ length: 500 }, (_, i) => write(i)));
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map(reasonOf))).toEqual(new Set(["LIMIT_EXCEEDED"]));
    expect(refused[0].findDetails(RetryInfoSchema)).toHaveLength(1);
    const { instances } = await plane.discovery.resolve({ target: { service: "x" } });
    expect(instances).toHaveLength(answers.length - refused.length);
    expect((await write(1_000)).instance?.id).toBe("i-1000");
  });
});

describe("Names and sizes", () => {
  test("an instance encodes to at most 64 KiB, also when updates bring it there part by part", async () => {
    await using plane = await startPlane();
    const host = `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}`;
    const endpoints = Array.from({ length: 16 }, (_, i) => ({ name: `e${i}`, host, port: 80 }));
    await plane.registry.register({ instance: { ...instance("a"), endpoints }, ttl: FOREVER });
    const labels = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, "v".repeat(1_005)]));
    const request = { instance: { service: "x", id: "a", labels }, updateMask: { paths: ["labels"] } };
    const error = await caught(plane.registry.updateInstance(request));
    expect([reasonOf(error), fieldsOf(error)]).toEqual(["FIELDS_INVALID", ["instance"]]);
    expect((await plane.admin.getInfo({})).revision).toBe(1n);
  });
});

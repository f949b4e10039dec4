import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { expect, test } from "vitest";
import type { WatchResponse } from "../../gen/portolan/discovery/v1/discovery_pb.js";
import { Health, type RegisterInSession, RegistryService } from "../../gen/portolan/registry/v1/registry_pb.js";
import { opened } from "../rpc/services/session-stream.js";
import { type Plane, startPlane } from "../support/plane.js";
import { startProxy } from "../support/proxy.js";

/** A server whose health a test decides. */
class Probed implements AsyncDisposable {
  status = 200;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Probed> {
    const server = createServer((_, response) => {
      response.writeHead(probed.status).end();
    });
    const probed = new Probed(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return probed;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function register(plane: Plane, id: string, { port }: Probed): Promise<void> {
  const probe = { case: "http", value: { path: "/" } } as const;
  const healthCheck = { probe, interval: { seconds: 1n }, unhealthyThreshold: 2, healthyThreshold: 2 };
  const endpoints = [{ host: "127.0.0.1", port }];
  await plane.registry.register({
    instance: { service: "checkout", id, endpoints, healthCheck },
    ttl: { seconds: 0n },
  });
}

/** Connect's clients leave a stream open that nobody reads any more. */
function stopper() {
  const abort = new AbortController();
  return { signal: abort.signal, stop: () => abort.abort() };
}

/** What a watch of the service is told, until `done` says so. */
async function watchUntil(plane: Plane, done: (told: readonly WatchResponse[]) => boolean): Promise<WatchResponse[]> {
  const told: WatchResponse[] = [];
  const { signal, stop } = stopper();
  for await (const response of plane.discovery.watch({ targets: [{ service: "checkout" }] }, { signal })) {
    if (response.updates.length > 0) told.push(response);
    if (done(told)) break;
  }
  stop();
  return told;
}

const removed = (response: WatchResponse | undefined) => response?.updates.flatMap((update) => update.removed) ?? [];

test("an instance whose probes fail leaves its watchers' sets with one update, and comes back with one", async () => {
  await using plane = await startPlane();
  await using sick = await Probed.start();
  await using well = await Probed.start();
  for (const [id, server] of [
    ["sick", sick],
    ["well", well],
    ["well-2", well],
  ] as const)
    await register(plane, id, server);
  sick.status = 503;
  const left = await watchUntil(plane, (told) => removed(told.at(-1)).includes("sick"));
  expect(left).toHaveLength(2);
  const listed = await plane.registry.getInstance({ instance: { service: "checkout", id: "sick" } });
  expect(listed.instance).toMatchObject({ health: Health.NOT_SERVING });
  expect(listed.instance?.healthReason).toMatch(/^probe failed.*status 503$/);
  sick.status = 200;
  const back = await watchUntil(plane, (told) =>
    told.some(({ updates }) => updates.some(({ put }) => put.some(({ instance }) => instance?.id === "sick"))),
  );
  expect(back).toHaveLength(2);
}, 30_000);

test("a probe's condemnation is an event with its reason", async () => {
  await using plane = await startPlane();
  await using sick = await Probed.start();
  sick.status = 500;
  await register(plane, "sick", sick);
  const { signal, stop } = stopper();
  for await (const { events } of plane.telemetry.tailEvents({ afterRevision: 1n }, { signal })) {
    const [event] = events.filter(({ type }) => type === "instance.health_changed");
    if (!event) continue;
    expect(event).toMatchObject({ actor: "system:health", instanceId: "sick" });
    expect(event.message).toContain("status 500");
    break;
  }
  stop();
}, 30_000);

test("an instance that its callers see failing is put out for a while", async () => {
  await using plane = await startPlane();
  for (const id of ["a", "b", "c"]) {
    const instance = { service: "checkout", id, endpoints: [{ host: "127.0.0.1", port: 1 }] };
    await plane.registry.register({ instance, ttl: { seconds: 0n } });
  }
  const now = BigInt(Math.floor(Date.now() / 1_000));
  const stats = [{ service: "checkout", instanceId: "b", callsByCode: { 14: 6n } }];
  await plane.telemetry.reportCalls(
    (async function* () {
      yield { start: { seconds: now - 5n }, end: { seconds: now }, stats };
    })(),
  );
  await expect
    .poll(async () => {
      const { instances } = await plane.discovery.resolve({ target: { service: "checkout" } });
      return instances.map(({ instance }) => instance?.id);
    })
    .toEqual(["a", "c"]);
  const { instance } = await plane.registry.getInstance({ instance: { service: "checkout", id: "b" } });
  expect(instance?.healthReason).toBe("ejected for 30 s: 6 failed calls in a row");
});

/** So many sessions with an instance each; `via` makes the calls. */
async function sessions(via: Plane, name: string, count: number) {
  const all: Awaited<ReturnType<typeof opened>>[] = [];
  for (let n = 0; n < count; n++) {
    const session = await opened(via, { client: name, ttl: { seconds: 2n } });
    const instance = { service: "checkout", id: `${name}-${n}`, endpoints: [{ host: "127.0.0.1", port: 8080 }] };
    session.stream.send({ case: "register", value: { instance } as RegisterInSession });
    await session.stream.next();
    all.push(session);
  }
  return all;
}

test("when 60 % of 50 sessions are cut at once nothing expires, and everybody can see why; they come back to what they had", async () => {
  await using plane = await startPlane({ flags: { "expiry-guard-max-pause": "60s" } });
  await using proxy = await startProxy(plane.app.grpcAddress.port);
  const sessionManager = new Http2SessionManager(proxy.baseUrl);
  const behind = createGrpcTransport({ baseUrl: proxy.baseUrl, sessionManager });
  const near = await sessions(plane, "near", 20);
  const far = await sessions({ ...plane, registry: createClient(RegistryService, behind) }, "far", 30);
  const back: typeof far = [];
  try {
    proxy.cut();
    await sleep(3_500);
    const { instances } = await plane.registry.listInstances({ service: "checkout" });
    expect(instances).toHaveLength(50);
    const health = await (await fetch(`${plane.httpUrl}/healthz`)).json();
    expect(health).toMatchObject({ status: "SERVING", expiryPaused: true });
    const { status } = await plane.telemetry.getServiceStatus({ service: "checkout" });
    expect(status?.expiryPaused).toBe(true);
    expect(await (await fetch(`${plane.httpUrl}/metrics`)).text()).toContain("portolan_registry_expiry_paused 1");
    const { events } = await plane.telemetry.queryEvents({ query: { type: "expiry." } });
    expect(events).toMatchObject([
      { type: "expiry.paused", actor: "system:health", message: "nothing expires: 30 of 50 clients were lost at once" },
    ]);
    for (const { resumeToken } of far) back.push(await opened(plane, { resumeToken }));
    await expect.poll(() => plane.app.rooms.registry.expiryGuard().paused).toBe(false);
    expect((await plane.registry.listInstances({ service: "checkout" })).instances).toHaveLength(50);
  } finally {
    sessionManager.abort();
    for (const { stream } of [...near, ...back]) stream.cancel();
  }
}, 30_000);

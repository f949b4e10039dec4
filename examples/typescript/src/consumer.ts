import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { equals } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { GreeterService } from "../gen/greeter_pb.js";
import { type DiscoveredInstance, DiscoveredInstanceSchema } from "../gen/portolan/discovery/v1/discovery_pb.js";
import { connectTo } from "./plane.js";
import { type Instances, ServiceView, watchService } from "./view.js";

const { values: flags } = parseArgs({
  options: {
    plane: { type: "string", default: "127.0.0.1:7070" },
    service: { type: "string", default: "greeter" },
    interval: { type: "string", default: "200" },
    calls: { type: "string", default: "0" },
  },
});

/** address -> client of the instance there; an idle connection closes by itself. */
const clients = new Map<string, Client<typeof GreeterService>>();
const summary = { ok: 0, failed: 0, by_instance: {} as Record<string, number>, revision: 0 };
const view = new ServiceView();
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

const watching = watchService({
  plane: connectTo(flags.plane),
  service: flags.service,
  view,
  signal: stop.signal,
  onChange: report,
});
for (let turn = Math.floor(Math.random() * 100); !stop.signal.aborted; turn++) {
  const candidates = view.candidates();
  const next = candidates[turn % candidates.length];
  if (next) await call(next);
  if (summary.ok + summary.failed === Number(flags.calls) && flags.calls !== "0") stop.abort();
  await delay(Number(flags.interval), undefined, { signal: stop.signal }).catch(() => undefined);
}
await watching;
console.log(JSON.stringify({ ...summary, revision: Number(view.revision) }));
process.exit(); // without waiting for idle connections

async function call({ instance }: DiscoveredInstance): Promise<void> {
  const id = instance?.id ?? "";
  try {
    const { message } = await clientOf(addressOf(instance)).sayHello({ name: "typescript" }, { timeoutMs: 2_000 });
    summary.ok++;
    summary.by_instance[id] = (summary.by_instance[id] ?? 0) + 1;
    console.log(message);
  } catch (error) {
    summary.failed++;
    console.log(`call of ${id} failed: ${ConnectError.from(error).message}`);
  }
}

function clientOf(address: string): Client<typeof GreeterService> {
  const transport = createGrpcTransport({ baseUrl: `http://${address}`, idleConnectionTimeoutMs: 10_000 });
  const client = clients.get(address) ?? createClient(GreeterService, transport);
  clients.set(address, client);
  return client;
}

function addressOf(instance: DiscoveredInstance["instance"]): string {
  const endpoint = instance?.endpoints.find(({ name }) => name === "grpc");
  return `${endpoint?.host}:${endpoint?.port}`;
}

/** One line a change; clients of addresses that nobody serves any more are let go. */
function report(before: Instances, after: Instances): void {
  const addresses = new Set([...after.values()].map(({ instance }) => addressOf(instance)));
  for (const address of clients.keys()) if (!addresses.has(address)) clients.delete(address);
  for (const id of before.keys()) if (!after.has(id)) console.log(`- ${id}`);
  for (const [id, now] of after) {
    const was = before.get(id);
    if (!was) console.log(`+ ${id} ${addressOf(now.instance)}`);
    else if (!equals(DiscoveredInstanceSchema, was, now)) console.log(`~ ${id}`);
  }
}

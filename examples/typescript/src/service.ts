import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { GreeterService } from "../gen/greeter_pb.js";
import { Protocol } from "../gen/portolan/registry/v1/registry_pb.js";
import { connectTo } from "./plane.js";
import { Registration } from "./registration.js";

const { values: flags } = parseArgs({
  options: {
    plane: { type: "string", default: "127.0.0.1:7070" },
    service: { type: "string", default: "greeter" },
    id: { type: "string", default: `typescript-${process.pid}` },
    port: { type: "string", default: "0" },
  },
});

const server = createServer(
  connectNodeAdapter({
    routes: (router) =>
      router.service(GreeterService, {
        sayHello: ({ name }) => ({ message: `hello ${name} from ${flags.id} (typescript)` }),
      }),
  }),
);
const connections = new Set<ServerHttp2Session>();
server.on("session", (connection) => {
  connections.add(connection);
  connection.once("close", () => connections.delete(connection));
});
await once(server.listen(Number(flags.port), "127.0.0.1"), "listening");
const { port } = server.address() as AddressInfo;
console.log(`serving ${flags.service} at 127.0.0.1:${port}`);

const leave = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => leave.abort());

// Registered only now that it can take calls.
const registration = new Registration(connectTo(flags.plane), {
  service: flags.service,
  id: flags.id,
  endpoints: [{ name: "grpc", host: "127.0.0.1", port, protocol: Protocol.GRPC }],
  labels: { lang: "typescript" },
});
try {
  await registration.keep(leave.signal);
  console.log("left");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
await delay(1_000); // the news travels to consumers in milliseconds; whoever calls until then is served
server.close();
for (const connection of connections) connection.close(); // finishes the calls under way
setTimeout(() => process.exit(), 5_000).unref(); // and waits no longer than this for them

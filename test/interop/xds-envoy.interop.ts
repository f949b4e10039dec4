import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Protocol } from "../../gen/portolan/registry/v1/registry_pb.js";
import { freePort } from "../support/process/ports.js";
import { API_TYPES, type Envoy } from "./support/envoy.js";
import { getOverHttp1, getOverHttp2, startWeb } from "./support/web.js";
import { XdsWorld } from "./support/xds-world.js";

const patiently = { timeout: 10_000 };

describe.each(API_TYPES)("an Envoy that speaks %s", (apiType) => {
  let world: XdsWorld;
  let envoy: Envoy;
  let outbound: string;
  let inbound: string;

  beforeAll(async () => {
    world = await XdsWorld.start();
    outbound = `127.0.0.1:${await freePort()}`;
    inbound = `127.0.0.1:${await freePort()}`;
    const own = await world.greeter("own");
    await world.register("hello", await world.greeter("a"));
    envoy = await world.envoy(apiType, {
      listen: outbound,
      inbound: { listen: inbound, forward: `127.0.0.1:${own.port}` },
      access_log_cluster: "plane",
    });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.each(["hello", "hello.default", "hello:80"])("calls a service by the host %s", async (host) => {
    await world.plainCaller(outbound, host).isAnsweredBy(["a"]);
  });

  test("sends the calls of others to its own program, whatever host they name", async () => {
    await world.plainCaller(inbound, "anything").isAnsweredBy(["own"]);
  });

  test("speaks HTTP/1.1 to an endpoint of protocol HTTP, whatever its caller speaks", async () => {
    await using web = await startWeb("web");
    await world.register("web", web, { protocol: Protocol.HTTP });
    await expect.poll(() => getOverHttp1(outbound, "web"), patiently).toBe("200 web over 1.1");
    expect(await getOverHttp2(outbound, "web")).toBe("200 web over 1.1");
  });

  test("calls a host by its name, which it looks up itself", async () => {
    await world.register("named", await world.greeter("b"), { host: "localhost" });
    await world.plainCaller(outbound, "named").isAnsweredBy(["b"]);
    expect(await envoy.config()).toContain('"type": "STRICT_DNS"');
  });

  test("answers a host that nobody registered with 404", async () => {
    expect(await getOverHttp1(outbound, "nobody")).toBe("404 ");
  });

  test("has its requests in the log of the service that it called", async () => {
    const lines = async () => {
      const { records } = await world.telemetry.queryLogs({ query: { service: "hello", instanceId: "a" } });
      return records.map(({ body }) => body.replace(/ in .*/, ""));
    };
    await expect.poll(lines, patiently).toContain("POST /greeter.v1.GreeterService/SayHello 200 grpc-status 0");
  });

  test("gets no listener when it asks for none, and takes that", async () => {
    const silent = await world.envoy(apiType, {});
    await expect.poll(() => silent.stat("listener_manager.lds.update_success"), patiently).toBe(1);
    expect(await silent.stat("listener_manager.total_listeners_active")).toBe(0);
    expect(await silent.stat("control_plane.connected_state")).toBe(1);
    await expect.poll(() => silent.rejected(), patiently).toEqual({ cds: 0, lds: 0, eds: 0 });
  });

  test("refused nothing of all that", async () => {
    expect(await envoy.rejected()).toEqual({ cds: 0, lds: 0, rds: 0, eds: 0 });
    expect(await envoy.config()).toContain("hello.default");
    expect(await envoy.config()).not.toContain("error_state");
  });
});

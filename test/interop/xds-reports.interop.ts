import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GroupBy } from "../../gen/portolan/telemetry/v1/telemetry_pb.js";
import { inProject } from "../support/process/paths.js";
import { freePort } from "../support/process/ports.js";
import { Program, run } from "../support/process/program.js";
import { inTools } from "./support/paths.js";
import { LIBRARIES } from "./support/xds-clients.js";
import { XdsWorld } from "./support/xds-world.js";

const patiently = { timeout: 20_000, interval: 200 };

test.each(LIBRARIES)("a %s client reports how its calls went", async (library) => {
  await using world = await XdsWorld.start({ flags: { "xds-load-report-interval": "1s" } });
  await world.register("hello", await world.greeter("a"));
  const caller = await world.caller(library, "hello");
  await caller.succeeds();
  const reported = async () => {
    const { series } = await world.telemetry.queryCalls({ service: "hello", groupBy: [GroupBy.CONSUMER] });
    return series.map(({ group, points }) => [group.consumer, points.some(({ calls }) => calls > 10n)]);
  };
  await expect.poll(reported, patiently).toEqual([["shop", true]]);
});

test.each(LIBRARIES)("a %s client reaches an endpoint of another namespace by its name", async (library) => {
  await using world = await XdsWorld.start();
  const [first, second] = [await world.greeter("first"), await world.greeter("second")];
  const endpoints = [
    { name: "grpc", host: "127.0.0.1", port: first.port },
    { name: "admin", host: "127.0.0.1", port: second.port },
  ];
  const instance = { namespace: "staging", service: "hello", id: "a", endpoints };
  await world.registry.register({ instance, ttl: { seconds: 0n } });
  await (await world.caller(library, "hello.staging")).isAnsweredBy(["first"]);
  await (await world.caller(library, "hello.staging.admin")).isAnsweredBy(["second"]);
});

test("an Envoy runs with what the command line prints as it stands, and reports how the calls of each instance went", async () => {
  await using world = await XdsWorld.start({ flags: { "xds-load-report-interval": "1s" } });
  await world.register("hello", await world.greeter("a"));
  await world.register("hello", await world.greeter("b"));
  const listen = `127.0.0.1:${await freePort()}`;
  const words = ["--envoy", "--consumer", "shop", "--listen", listen, "--admin", `127.0.0.1:${await freePort()}`];
  const portolan = [inProject("dist/bin/main.js"), "xds", "bootstrap", "--server", world.plane.grpc, ...words];
  const config = join(world.directory, "envoy.yaml");
  await writeFile(config, (await run({ file: process.execPath, args: portolan })).output);
  const flags = ["-c", config, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"];
  await using _envoy = new Program("envoy", { file: inTools("envoy/envoy/_bin/envoy"), args: flags });
  await world.plainCaller(listen, "hello").isAnsweredBy(["a", "b"]);
  const reported = async () => {
    const { series } = await world.telemetry.queryCalls({ service: "hello", groupBy: [GroupBy.INSTANCE] });
    return series
      .flatMap(({ group, points }) => (points.some(({ calls }) => calls > 5n) ? [group.instance] : []))
      .sort();
  };
  await expect.poll(reported, patiently).toEqual(["a", "b"]);
});

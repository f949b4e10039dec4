import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT } from "../../src/cli/index.js";
import { type Plane, startPlane } from "../support/plane.js";
import { FakeIo } from "./fake-io.js";

const SHOP = ["register", "--service", "shop", "--endpoint", "grpc=127.0.0.1:8080"];

/** Runs one command line against a plane, to its end. */
async function run(plane: Plane, ...words: string[]): Promise<FakeIo> {
  const io = new FakeIo({ env: { PORTOLAN_SERVER: plane.grpcAddress } });
  await io.run(...words);
  return io;
}

/** Begins a command line that goes on until it is interrupted. */
function start(plane: Plane, ...words: string[]) {
  const io = new FakeIo({ env: { PORTOLAN_SERVER: plane.grpcAddress } });
  const done = io.run(...words);
  const end = async () => {
    io.send("SIGINT");
    await done;
    return io.exitCode;
  };
  return { io, done, end };
}

test("a watch tells what register and deregister do, as they do it", async () => {
  await using plane = await startPlane();
  const watch = start(plane, "watch", "shop");
  await watch.io.stdout.until(/synced: 0 instances/);
  await run(plane, ...SHOP, "--id", "a1", "--version", "2.1", "--once");
  await watch.io.stdout.until(/r1 {2}\+ shop\/a1 {2}grpc=127\.0\.0\.1:8080 {2}SERVING {2}v2\.1 {2}\(\d+ ms\)/);
  await run(plane, ...SHOP, "--id", "a1", "--version", "2.2", "--once");
  await watch.io.stdout.until(/r2 {2}~ shop\/a1 .*v2\.2 {2}\(was v2\.1\)/);
  expect((await run(plane, "deregister", "shop", "a1")).stdout.text).toBe("shop/a1 left (r3)\n");
  await watch.io.stdout.until(/r3 {2}- shop\/a1/);
  expect(await watch.end()).toBe(0);
});

test("an instance is registered as long as its session is held, and leaves with Ctrl-C", async () => {
  await using plane = await startPlane();
  const held = start(plane, ...SHOP, "--id", "a1");
  await held.io.stderr.until(/registered shop\/a1 \(r1\)/);
  expect((await run(plane, "resolve", "shop")).stdout.text).toMatch(/a1 .*SERVING/);
  expect((await run(plane, "instances", "shop")).stdout.text).toMatch(/ {2}s-\w+\n$/);
  expect(await held.end()).toBe(0);
  const after = await run(plane, "resolve", "shop");
  expect([after.stdout.text, after.stderr.text]).toEqual(["", expect.stringMatching(/no instances/)]);
});

test("whoever registers the same instance supersedes the first, which ends with its own code", async () => {
  await using plane = await startPlane();
  const first = start(plane, ...SHOP, "--id", "a1");
  await first.io.stderr.until(/registered/);
  const second = start(plane, ...SHOP, "--id", "a1", "--version", "2");
  await second.io.stderr.until(/registered/);
  await first.done;
  expect([first.io.exitCode, first.io.stderr.text]).toEqual([EXIT.superseded, expect.stringMatching(/another holder/)]);
  expect((await run(plane, "resolve", "shop")).stdout.text).toMatch(/a1/);
  await second.end();
});

test("a restart of the control plane is survived by registration and watch, and nobody sees the instance go", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "portolan-cli-"));
  const before = await startPlane({ store: "level", dataDir, mayLeak: true });
  const held = start(before, ...SHOP, "--id", "a1");
  await held.io.stderr.until(/registered/);
  const watch = start(before, "watch", "shop");
  await watch.io.stdout.until(/synced: 1 instance /);
  await before[Symbol.asyncDispose]();
  await Promise.all([held.io.stderr.until(/about to stop/), watch.io.stderr.until(/trying again/)]);
  await using after = await startPlane({ store: "level", dataDir, flags: { "grpc-address": before.grpcAddress } });
  await Promise.all([held.io.stderr.until(/stayed registered/), watch.io.stderr.until(/connected .* again/)]);
  await run(after, ...SHOP, "--id", "b", "--once");
  await watch.io.stdout.until(/\+ shop\/b/);
  expect(watch.io.stdout.text).not.toMatch(/- shop\/a1/);
  expect(watch.io.stdout.text.match(/\+ shop\/a1/g)).toHaveLength(1);
  expect([await held.end(), await watch.end()]).toEqual([0, 0]);
  await rm(dataDir, { recursive: true });
});

test("every fault of a registration is listed with its field", async () => {
  await using plane = await startPlane();
  const io = await run(
    plane,
    "register",
    "--once",
    "--service",
    "Shop_",
    "--id",
    "a b",
    "--endpoint",
    "127.0.0.1:70000",
  );
  expect(io.exitCode).toBe(EXIT.usage);
  expect(io.stderr.text).toMatch(
    /^portolan: .*instance\.service: .*; instance\.id: .*; instance\.endpoints\[0\]\.port: .*\n$/,
  );
});

test.each([
  [["resolve", "nope"], EXIT.notFound, /no such service: nope/],
  [["status", "nope"], EXIT.notFound, /nope/],
  [["instances", "--filter", "instance.nope == 1"], EXIT.usage, /filter/],
  [["watch", "shop", "--filter", "instance.id =="], EXIT.usage, /filter/],
  [["compact", "--revision", "99"], EXIT.usage, /99/],
  [["resolve", "shop", "--wait-revision", "99", "--timeout", "100ms"], EXIT.unavailable, /./],
])("%j ends with code %i and one line that says why", async (words, exitCode, line) => {
  await using plane = await startPlane();
  const io = await run(plane, ...words);
  expect([io.exitCode, io.stderr.text]).toEqual([exitCode, expect.stringMatching(line)]);
  expect(io.stderr.text.match(/\n/g)).toHaveLength(1);
});

test("lists, status and the list's watch show what is registered", async () => {
  await using plane = await startPlane();
  await run(plane, ...SHOP, "--id", "a1", "--once");
  await run(
    plane,
    "register",
    "--once",
    "--service",
    "cart",
    "--endpoint",
    "10.0.0.5:80",
    "--id",
    "c",
    "--health",
    "starting",
  );
  expect((await run(plane, "services")).stdout.text).toMatch(/cart +0 +1 [\s\S]*shop +1 +1 /);
  expect((await run(plane, "services", "--filter", "service.name == 'cart'")).stdout.text).not.toMatch(/shop/);
  expect((await run(plane, "status", "cart")).stdout.text).toMatch(/cart +no +1 STARTING/);
  expect((await run(plane, "status")).stdout.text).toMatch(/2 services, 2 instances[\s\S]*shop +yes +1 SERVING/);
  const listed = (await run(plane, "watch", "--services", "--once")).stdout.text;
  expect(listed.match(/\+ default\/\w+|synced: \d/g)?.sort()).toEqual([
    "+ default/cart",
    "+ default/shop",
    "synced: 2",
  ]);
});

test("events tells who did what, and follows what comes", async () => {
  await using plane = await startPlane();
  await run(plane, ...SHOP, "--id", "a1", "--once");
  const events = start(plane, "events", "-f", "--type", "instance.");
  await events.io.stdout.until(/r1 +instance\.registered .*by anonymous/);
  await run(plane, "deregister", "shop", "a1");
  await events.io.stdout.until(/r2 +instance\.deregistered/);
  expect(await events.end()).toBe(0);
});

test("logs shows what a service wrote, and follows what comes", async () => {
  await using plane = await startPlane();
  await run(plane, ...SHOP, "--id", "a1", "--once");
  const write = (body: string) =>
    plane.telemetry.writeLogs(
      (async function* () {
        yield { records: [{ service: "shop", instanceId: "a1", severity: 9, body }] };
      })(),
    );
  await write("paid 7 euro");
  const logs = start(plane, "logs", "shop", "-f");
  await logs.io.stdout.until(/INFO +shop\/a1 +paid 7 euro/);
  await write("refunded");
  await logs.io.stdout.until(/refunded/);
  expect(await logs.end()).toBe(0);
  expect((await run(plane, "logs", "shop", "--contains", "PAID")).stdout.text).not.toMatch(/refunded/);
});

test("a backup holds the state, and compaction says since when history is kept", async () => {
  const directory = await mkdtemp(join(tmpdir(), "portolan-cli-"));
  await using plane = await startPlane();
  await run(plane, ...SHOP, "--id", "a1", "--once");
  const file = join(directory, "backup");
  const io = await run(plane, "backup", file);
  expect([io.exitCode, io.stderr.text]).toEqual([0, expect.stringMatching(/everything up to r1\n$/)]);
  expect((await stat(file)).size).toBeGreaterThan(50);
  expect((await run(plane, "compact", "--revision", "1")).stdout.text).toMatch(/^history is kept from r\d on\n$/);
  await rm(directory, { recursive: true });
});
